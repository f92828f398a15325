// partial[slab,c] = Σ x[n,c,p] over the images of one slab and all pixels: a bias's gradient before the merge.

#include "../common/vector.wgsl"
#include "../common/lane_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let first = group.y * IMAGES;
  var sum = V();
  for (var n = first; n < min(first + IMAGES, N); n++) {
    for (var p = lane; p < PLANE; p += LANES) {
      sum += V(x[(n * C + c) * PLANE + p]);
    }
  }
  put(0, sum_of(sum), lane);
  workgroupBarrier();
  if (lane == 0) {
    partial[group.y * C + c] = total(0);
  }
}
