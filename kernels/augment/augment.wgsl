// Makes a batch of training images out of bytes: a random crop from the picture with a reflected border, a flip, a
// brightness, and at last each channel's normalisation.
//
//   images[n,c,i,j] = (clamp(pixels[n,c,reflect(i + dy), reflect(j' + dx)] · factor, 0, 255) / 255 − mean[c]) / std[c]
//
// Without AUGMENT only the normalisation. A thread makes one vector of pixels of one row.

#include "../common/vector.wgsl"
#if AUGMENT
#include "../common/random.wgsl"
#end

const MEANS = array<f32, C>($MEAN);
const DEVIATIONS = array<f32, C>($STD);

@group(0) @binding(0) var<storage, read> pixels: array<u32>; // four pixels a word
#if AUGMENT
@group(0) @binding(1) var<storage, read> seed: vec2u; // seed, step
#end
@group(0) @binding(2) var<storage, read_write> images: array<Stored>;

fn pixel(i: u32) -> f32 {
  return f32(extractBits(pixels[i / 4], i % 4 * 8, 8));
}

#if AUGMENT
/// Where a coordinate outside the picture is mirrored to; the edge itself is not repeated.
fn reflect_into(i: i32, extent: i32) -> u32 {
  let last = extent - 1;
  return u32(last - abs(last - abs(i)));
}

/// An integer from −PADDING to PADDING.
fn shift(word: u32) -> i32 {
  return i32(((word >> 16) * (2 * PADDING + 1)) >> 16) - PADDING;
}
#end

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let p = group.x * LANES + lane;
  if (p >= H * ROW) {
    return;
  }
  let c = group.y;
  let n = group.z;
  let plane = (n * C + c) * H * W;
  let row = p / ROW;
  let column = p % ROW * WIDTH;
#if AUGMENT
  let drawn = random(seed.x, seed.y, STREAM, n);
  let source_row = plane + reflect_into(i32(row) + shift(drawn.x), H) * W;
  let dx = shift(drawn.y);
  let flipped = FLIP && (drawn.z >> 31) == 1;
  let factor = 1.0 + f32(BRIGHTNESS) * (2.0 * unit(drawn.w) - 1.0);
#end
#for i in 0..WIDTH
#if AUGMENT
  let j$i = i32(select(column + $i, W - 1 - column - $i, flipped));
  let value$i = min(pixel(source_row + reflect_into(j$i + dx, W)) * factor, 255.0);
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
