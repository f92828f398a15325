// y[n,p] = the mean over x's channels, or its first channel

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X
#sizes C PLANE

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * GROUPS_X + group.x) * LANES + lane;
  if (i >= COUNT) {
    return;
  }
  let first = i / PLANE * C * PLANE + i % PLANE;
#if MEAN
  var sum = V();
  for (var c = 0u; c < C; c++) {
    sum += V(x[first + c * PLANE]);
  }
  y[i] = Stored(sum / f32(C));
#else
  y[i] = x[first];
#end
}
