// Training images from bytes: a random crop of the picture padded by reflection, a flip, a rotation, factors of brightness
// and saturation, each channel's normalisation, and an erased rectangle:
//
//   images[n,c,i,j] = (min(brightness · saturated(pixel(i′ + dy, j′ + dx)), 255) / 255 − mean[c]) / std[c],   0 if erased
//
// where (i′, j′) is (i, j), flipped and rotated about the middle; a rotated pixel is interpolated from its four neighbours.
// saturated(x) = saturation · x + (1 − saturation) · (0.299 R + 0.587 G + 0.114 B). Options that are off compile to nothing.
// Without AUGMENT it is only the normalisation. A thread computes one vector of pixels of one row.

#batch N GROUPS_Z

#include "../common/vector.wgsl"
#if AUGMENT
#include "../common/random.wgsl"
#include "../common/first_picture.wgsl"
#end

const MEANS = array<f32, C>($MEAN);
const DEVIATIONS = array<f32, C>($STD);

@group(0) @binding(0) var<storage, read> pixels: array<u32>; // four pixels a word
#if AUGMENT
@group(0) @binding(1) var<storage, read> seed: array<u32>; // seed, step (, place of the first picture)
#end
@group(0) @binding(2) var<storage, read_write> images: array<Stored>;

fn pixel(i: u32) -> f32 {
  return f32(extractBits(pixels[i / 4], i % 4 * 8, 8));
}

#if AUGMENT
/// The coordinate inside the picture that reflection padding takes; the border itself is not repeated.
fn reflect_into(i: i32, extent: i32) -> u32 {
  let last = extent - 1;
#if ROTATE
  // The corner of a narrow picture can turn beyond a whole reflection.
  return u32(last - abs(last - abs(i) % max(2 * last, 1)));
#else
  return u32(last - abs(last - abs(i)));
#end
}

/// An integer from −PADDING to PADDING.
fn shift(word: u32) -> i32 {
  return i32(((word >> 16) * (2 * PADDING + 1)) >> 16) - PADDING;
}

/// A number from −most to most.
fn symmetric(word: u32, most: f32) -> f32 {
  return most * (2.0 * unit(word) - 1.0);
}

#if ROTATE
/// The plane at `first` between its pixels, at row i and column j.
fn sampled(first: u32, i: f32, j: f32) -> f32 {
  let low = vec2i(vec2f(floor(i), floor(j)));
  let part = vec2f(i, j) - vec2f(low);
  let upper = first + reflect_into(low.x, H) * W;
  let lower = first + reflect_into(low.x + 1, H) * W;
  let left = reflect_into(low.y, W);
  let right = reflect_into(low.y + 1, W);
  let above = mix(pixel(upper + left), pixel(upper + right), part.y);
  return mix(above, mix(pixel(lower + left), pixel(lower + right), part.y), part.x);
}
#else
fn sampled(first: u32, i: i32, j: i32) -> f32 {
  return pixel(first + reflect_into(i, H) * W + reflect_into(j, W));
}
#end

#if ERASE
struct Rectangle {
  top: u32,
  left: u32,
  height: u32,
  width: u32,
}

/// Erased: 2 to 33 % of the picture, its height from 0.3 to 3.3 times its width, as far as the picture allows.
fn rectangle(words: vec4u) -> Rectangle {
  let area = f32(H * W) * (0.02 + 0.31 * unit(words.x));
  let ratio = exp(log(0.3) + (log(3.3) - log(0.3)) * unit(words.y));
  let height = clamp(u32(round(sqrt(area * ratio))), 1, H);
  let width = clamp(u32(round(sqrt(area / ratio))), 1, W);
  return Rectangle(((words.z >> 16) * (H - height + 1)) >> 16, ((words.w >> 16) * (W - width + 1)) >> 16, height, width);
}
#end
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let p = group.x * WORKGROUP_SIZE + thread;
  if (p >= H * ROW) {
    return;
  }
  let c = group.y % C;
  let n = group.y / C * batch.GROUPS_Z + group.z;
  if (n >= batch.N) {
    return;
  }
  let plane = (n * C + c) * H * W;
  let row = p / ROW;
  let column = p % ROW * WIDTH;
#if AUGMENT
  let drawn = random(seed[0], seed[1], STREAM, first_picture() + n);
  let dy = shift(drawn.x);
  let dx = shift(drawn.y);
  let flipped = FLIP && (drawn.z >> 31) == 1;
  let factor = 1.0 + symmetric(drawn.w, f32(BRIGHTNESS));
#if ROTATE || SATURATE || ERASE
  let more = random(seed[0], seed[1], STREAM - 1, first_picture() + n);
#end
#if ROTATE
  let angle = symmetric(more.x, ROTATION);
  let turn = vec2f(cos(angle), sin(angle));
  let middle = 0.5 * vec2f(f32(H - 1), f32(W - 1));
#end
#if SATURATE
  let saturation = 1.0 + symmetric(more.y, SATURATION);
  let picture = n * C * H * W;
#end
#if ERASE
  let erased = rectangle(random(seed[0], seed[1], STREAM - 2, first_picture() + n));
  let is_erased = unit(more.z) < ERASE_PROBABILITY && row - erased.top < erased.height;
#end
#end
#for i in 0..WIDTH
#if AUGMENT
  let j$i = i32(select(column + $i, W - 1 - column - $i, flipped));
#if ROTATE
  let from$i = vec2f(f32(row), f32(j$i)) - middle;
  let y$i = turn.x * from$i.x - turn.y * from$i.y + middle.x + f32(dy);
  let x$i = turn.y * from$i.x + turn.x * from$i.y + middle.y + f32(dx);
#else
  let y$i = i32(row) + dy;
  let x$i = j$i + dx;
#end
  var raw$i = sampled(plane, y$i, x$i);
#if SATURATE
  let grey$i = 0.299 * sampled(picture, y$i, x$i) + 0.587 * sampled(picture + H * W, y$i, x$i)
    + 0.114 * sampled(picture + 2 * H * W, y$i, x$i);
  raw$i = clamp(mix(grey$i, raw$i, saturation), 0.0, 255.0);
#end
  var value$i = min(raw$i * factor, 255.0);
#if ERASE
  // 255 · MEANS is normalised to 0.
  value$i = select(value$i, 255.0 * MEANS[c], is_erased && column + $i - erased.left < erased.width);
#end
#else
  let value$i = pixel(plane + row * W + column + $i);
#end
#end
#if WIDTH == 4
  let v = V(value0, value1, value2, value3);
#else
  let v = value0;
#end
  images[(plane + row * W) / WIDTH + p % ROW] = Stored((v / 255.0 - MEANS[c]) / DEVIATIONS[c]);
}
