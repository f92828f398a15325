// From M[o,c] = Σ de·x̂, in slabs, the gradients of the expanding weight and of bn0 in front of it:
//
//   dweight[o,c] = Σ de·(γ·x̂ + β) = γ[c]·M[o,c]           since Σ de = 0 behind a normalisation's backward pass
//   dγ[c] = Σ_o weight[o,c]·M[o,c]      dβ[c] = Σ_o weight[o,c]·Σ de = 0
//
// One workgroup a channel c.

#sizes C_IN C_OUT SLABS PIXELS

#include "../common/vector.wgsl"
#include "../common/lane_sums.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>;
@group(0) @binding(3) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(4) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(5) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(6) var<storage, read_write> slopes: array<Slope>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let norm = norms[c];
  var mine = 0.0;
  for (var o = lane; o < C_OUT; o += LANES) {
    let i = o * C_IN + c;
    var m = 0.0;
    for (var slab = 0u; slab < SLABS; slab++) {
      m += partial[slab * C_OUT * C_IN + i];
    }
    dweight[i] = norm.gamma * m;
    mine += weight[i] * m;
  }
  put(0, mine, lane);
  workgroupBarrier();
  if (lane == 0) {
    let sum = total(0);
    dgamma[c] = sum;
    dbeta[c] = 0.0;
    slopes[c] = slope_of(norm, sum, 0.0, f32(PIXELS));
  }
}
