// dx = the sum of dy over the windows that a pixel lies in, divided by their area.

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X
#sizes IN_H IN_W OUT_H OUT_W

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read_write> dx: array<Stored>;

/// The first window along one axis that meets a pixel.
fn first_window(pixel: u32) -> u32 {
  let at = pixel + PADDING;
  return select(0, (at - KERNEL) / STRIDE + 1, at >= KERNEL);
}

/// One past the last window along one axis that meets a pixel.
fn end_window(pixel: u32, windows: u32) -> u32 {
  return min((pixel + PADDING) / STRIDE + 1, windows);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (index >= batch.COUNT) {
    return;
  }
  let plane = index / (sizes.IN_H * sizes.IN_W) * sizes.OUT_H;
  let row = index / sizes.IN_W % sizes.IN_H;
  let column = index % sizes.IN_W;
  let end = vec2u(end_window(row, sizes.OUT_H), end_window(column, sizes.OUT_W));
  var sum = 0.0;
  for (var i = first_window(row); i < end.x; i++) {
    for (var j = first_window(column); j < end.y; j++) {
      sum += V(dy[(plane + i) * sizes.OUT_W + j]);
    }
  }
  dx[index] = Stored(sum / f32(KERNEL * KERNEL));
}
