// dx[n,c,p] = dy[n,p] / C for a mean; dy[n,p] in the first channel and nothing in the others for the first

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X
#sizes C PLANE

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * GROUPS_X + group.x) * LANES + lane;
  if (i >= COUNT) {
    return;
  }
  let first = i / PLANE * C * PLANE + i % PLANE;
#if MEAN
  let share = Stored(V(dy[i]) / f32(C));
  for (var c = 0u; c < C; c++) {
    dx[first + c * PLANE] = share;
  }
#else
  dx[first] = dy[i];
  for (var c = 1u; c < C; c++) {
    dx[first + c * PLANE] = Stored();
  }
#end
}
