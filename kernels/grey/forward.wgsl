// y[n,p] = mean over the channels c of x[n,c,p], or without MEAN x[n,0,p]

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X
#sizes C PLANE

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= batch.COUNT) {
    return;
  }
  let first = i / sizes.PLANE * sizes.C * sizes.PLANE + i % sizes.PLANE;
#if MEAN
  var sum = V();
  for (var c = 0u; c < sizes.C; c++) {
    sum += V(x[first + c * sizes.PLANE]);
  }
  y[i] = Stored(sum / f32(sizes.C));
#else
  y[i] = x[first];
#end
}
