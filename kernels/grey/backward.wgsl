// dx[n,c,p] = dy[n,p] / C, or without MEAN dy[n,p] in channel 0 and 0 in the others

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X
#sizes C PLANE

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= batch.COUNT) {
    return;
  }
  let first = i / sizes.PLANE * sizes.C * sizes.PLANE + i % sizes.PLANE;
#if MEAN
  let dx_of_each = Stored(V(dy[i]) / f32(sizes.C));
  for (var c = 0u; c < sizes.C; c++) {
    dx[first + c * sizes.PLANE] = dx_of_each;
  }
#else
  dx[first] = dy[i];
  for (var c = 1u; c < sizes.C; c++) {
    dx[first + c * sizes.PLANE] = Stored();
  }
#end
}
