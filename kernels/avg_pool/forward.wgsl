// y[n,c,i,j] = the sum of a KERNEL×KERNEL window of x, divided by its area. Padding counts as zeros.

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X
#sizes IN_H IN_W OUT_H OUT_W

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (index >= batch.COUNT) {
    return;
  }
  let plane = index / (sizes.OUT_H * sizes.OUT_W) * sizes.IN_H;
  // The window starts in the padding if it wraps around zero: such rows and columns are large, so outside as well.
  let top = index / sizes.OUT_W % sizes.OUT_H * STRIDE - PADDING;
  let left = index % sizes.OUT_W * STRIDE - PADDING;
  var sum = 0.0;
  for (var i = 0u; i < KERNEL; i++) {
    let row = top + i;
    if (row >= sizes.IN_H) {
      continue;
    }
    for (var j = 0u; j < KERNEL; j++) {
      let column = left + j;
      if (column < sizes.IN_W) {
        sum += V(x[(plane + row) * sizes.IN_W + column]);
      }
    }
  }
  y[index] = Stored(sum / f32(KERNEL * KERNEL));
}
