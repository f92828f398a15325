// The way back through bn1, the expansion and bn0, from U[o,c] = Σ du·x̂ and G[c′,c] = Σ x̂·x̂ in slabs. Since Σ x̂ = 0, what
// bn1 normalised is e − mean = Σ_c′ weight[o,c′]·γ[c′]·x̂[c′], so that bn1's way back is linear in du and x̂:
//
//   de[o] = slope[o]·du[o] + pull[o]·Σ_c′ weight[o,c′]·γ[c′]·x̂[c′] + push[o]
//   M[o,c] = Σ de·x̂ = slope[o]·U[o,c] + pull[o]·Σ_c′ weight[o,c′]·γ[c′]·G[c′,c]
//
//   dweight[o,c] = Σ de·(γ·x̂ + β) = γ[c]·M[o,c]           since Σ de = 0 behind a normalisation's way back
//   dγ[c] = Σ_o weight[o,c]·M[o,c]      dβ[c] = Σ_o weight[o,c]·Σ de = 0
//   dx[c] = γ·invstd·(Σ_o weight[o,c]·de[o] − x̂·dγ/n)  =  Σ_o through[o,c]·du[o] + Σ_c′ through[O+c′,c]·x̂[c′] + bias[c]
//
// One workgroup a channel c. The bias lies behind the matrix in `through`.

#batch SLABS PIXELS
#sizes C_IN C_OUT

#include "../common/vector.wgsl"
#include "../common/lane_sums.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<f32>; // [slabs, O + C, C]
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>; // of bn0
@group(0) @binding(3) var<storage, read> slopes: array<Slope>; // of bn1
@group(0) @binding(4) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(7) var<storage, read_write> through: array<f32>; // [O + C, C], [C]

var<workgroup> gram: array<f32, CHANNELS>; // γ[c′]·G[c′,c]

fn merged(i: u32) -> f32 {
  var sum = 0.0;
  for (var slab = 0u; slab < SLABS; slab++) {
    sum += partial[slab * (C_OUT + C_IN) * C_IN + i];
  }
  return sum;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let norm = norms[c];
  for (var other = lane; other < C_IN; other += LANES) {
    gram[other] = norms[other].gamma * merged((C_OUT + other) * C_IN + c);
  }
  workgroupBarrier();
  let slope0 = norm.gamma * norm.invstd;
  var gamma = 0.0;
  var push = 0.0;
  for (var o = lane; o < C_OUT; o += LANES) {
    let i = o * C_IN + c;
    let slope = slopes[o];
    var e = 0.0;
    for (var other = 0u; other < C_IN; other++) {
      e += weight[o * C_IN + other] * gram[other];
    }
    let m = slope.slope * merged(i) + slope.pull * e;
    dweight[i] = norm.gamma * m;
    through[i] = slope0 * slope.slope * weight[i];
    gamma += weight[i] * m;
    push += weight[i] * slope.push;
  }
  put(0, gamma, lane);
  put(1, push, lane);
  workgroupBarrier();
  for (var other = lane; other < C_IN; other += LANES) {
    var sum = 0.0;
    for (var o = 0u; o < C_OUT; o++) {
      sum += weight[o * C_IN + c] * slopes[o].pull * weight[o * C_IN + other];
    }
    let own = select(0.0, total(0) / f32(PIXELS), other == c);
    through[(C_OUT + other) * C_IN + c] = slope0 * (norms[other].gamma * sum - own);
  }
  if (lane == 0) {
    dgamma[c] = total(0);
    dbeta[c] = 0.0;
    through[(C_OUT + C_IN) * C_IN + c] = slope0 * total(1);
  }
}
