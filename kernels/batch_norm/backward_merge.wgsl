// (dγ, dβ)[c] = Σ_slab partial[slab,c]. A workgroup takes one channel, a lane one slab.

#include "../common/lane_sums.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(2) var<storage, read_write> dbeta: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  var slab = vec2f();
  if (lane < SLABS) {
    slab = partial[lane * C + c];
  }
  put(0, slab.x, lane);
  put(1, slab.y, lane);
  workgroupBarrier();
  if (lane == 0) {
    dgamma[c] = total(0);
    dbeta[c] = total(1);
  }
}
