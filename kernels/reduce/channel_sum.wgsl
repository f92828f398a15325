// partial[slab,c] = Σ x[n,c,p] over the (n,p) of one slab: a bias's gradient before the merge.

#batch POSITIONS SLAB

#include "../common/vector.wgsl"
#include "../common/lane_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let slab = group.y * SLAB;
  var sum = V();
  for (var position = slab + lane; position < min(slab + SLAB, POSITIONS); position += LANES) {
    sum += V(x[(position / PLANE * C + c) * PLANE + position % PLANE]);
  }
  put(0, sum_of(sum), lane);
  workgroupBarrier();
  if (lane == 0) {
    partial[group.y * C + c] = total(0);
  }
}
