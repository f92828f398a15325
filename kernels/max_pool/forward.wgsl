// Max pooling 3×3, stride 2, padding 1:
//
//   y[i,j] = max over k, l of x[2i+k−1, 2j+l−1]    largest[i,j] = 3·k + l of that maximum, the first of equal ones
//
// `largest` is saved for backward: a byte for each window, a word for each strip. A thread computes one strip.

#include "./strip.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;
@group(0) @binding(2) var<storage, read_write> largest: array<u32>;

const LOWEST = -3.4028234e38;

/// The left, middle and right pixels of a strip's windows in one row of x.
struct Row {
  left: V,
  middle: V,
  right: V,
}

fn row_at(strip: Strip, row: u32) -> Row {
  let start = (strip.plane * sizes.IN_H + row) * (sizes.IN_W / WIDTH);
#if WIDTH == 4
  let a = V(x[start + 2 * strip.j]);
  let b = V(x[start + 2 * strip.j + 1]);
  var before = LOWEST;
  if (strip.j > 0) {
    before = f32(x[start + 2 * strip.j - 1].w);
  }
  return Row(V(before, a.y, a.w, b.y), V(a.xz, b.xz), V(a.yw, b.yw));
#else
  var around = Row(LOWEST, V(x[start + 2 * strip.j]), LOWEST);
  if (strip.j > 0) {
    around.left = V(x[start + 2 * strip.j - 1]);
  }
  if (2 * strip.j + 1 < sizes.IN_W) {
    around.right = V(x[start + 2 * strip.j + 1]);
  }
  return around;
#end
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (index >= batch.COUNT) {
    return;
  }
  let strip = strip_at(index);
  var best = V(LOWEST);
  var position = U();
#for k in 0..3
#if k != 1
  if (2 * strip.i + $k >= 1 && 2 * strip.i + $k <= sizes.IN_H) {
#else
  {
#end
    let row = row_at(strip, 2 * strip.i + $k - 1);
    position = select(position, U($(3 * k)), row.left > best);
    best = max(best, row.left);
    position = select(position, U($(3 * k + 1)), row.middle > best);
    best = max(best, row.middle);
    position = select(position, U($(3 * k + 2)), row.right > best);
    best = max(best, row.right);
  }
#end
  y[index] = Stored(best);
#if WIDTH == 4
  largest[index] = dot(position, vec4u(1, 1 << 8, 1 << 16, 1 << 24));
#else
  largest[index] = position;
#end
}
