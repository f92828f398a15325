// partial[slab] = Σ gradient[i]² over one slab of SLAB vectors, each workgroup one slab.

#include "../common/vector.wgsl"
#include "../common/lane_sums.wgsl"

#batch COUNT SLAB

@group(0) @binding(0) var<storage, read> gradient: array<Stored>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * SLAB;
  let end = min(first + SLAB, COUNT);
  var squares = V();
  for (var i = first + lane; i < end; i += LANES) {
    let g = gradient[i];
    squares += g * g;
  }
  put(0, sum_of(squares), lane);
  workgroupBarrier();
  if (lane == 0) {
    partial[group.x] = total(0);
  }
}
