// Backward through bn1, the expansion and bn0, from U[o,c] = Σ du·x̂ and G[c′,c] = Σ x̂·x̂ (expand_backward_weight.wgsl).
// x̂ is x normalised by bn0. Since Σ x̂ = 0, e − mean(e) = Σ_c′ weight[o,c′]·γ[c′]·x̂[c′], so the backward pass of bn1, with
// coefficients dy_scale, x_scale and offset (batch_norm/backward_norm.wgsl), is linear in du and x̂, and e is not needed:
//
//   de[o] = dy_scale[o]·du[o] + x_scale[o]·Σ_c′ weight[o,c′]·γ[c′]·x̂[c′] + offset[o]
//   M[o,c] = Σ de·x̂ = dy_scale[o]·U[o,c] + x_scale[o]·Σ_c′ weight[o,c′]·γ[c′]·G[c′,c]
//
//   dweight[o,c] = Σ de·(γ·x̂ + β) = γ[c]·M[o,c]           since Σ de = 0 after the backward pass of a normalisation
//   dγ[c] = Σ_o weight[o,c]·M[o,c]      dβ[c] = Σ_o weight[o,c]·Σ de = 0
//   dx[c] = γ·invstd·(Σ_o weight[o,c]·de[o] − x̂·dγ/n)
//         = Σ_o input_matrix[o,c]·du[o] + Σ_c′ input_matrix[O+c′,c]·x̂[c′] + bias[c]
//
// One workgroup computes one channel c, and first the coefficients of bn1 from the rows of depthwise_gradient.wgsl. The bias
// is the last row of `input_matrix`. Without BN0, x̂ = x − mean(x), γ = 1 and β = mean(x) (expand_plain.wgsl), and no
// normalisation subtracts x̂·dγ/n.

#batch CHUNKS PIXELS DEPTHWISE_CHUNKS
#sizes C_IN C_OUT

#include "../common/vector.wgsl"
#include "../common/workgroup_sums.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/backward_norm.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<f32>; // [chunks, O + C, C]
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>; // of bn0
@group(0) @binding(3) var<storage, read> depthwise_sums: array<f32>; // rows of COLUMNS columns of O numbers
@group(0) @binding(4) var<storage, read_write> dweight: array<f32>;
#if BN0
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>;
#end
@group(0) @binding(7) var<storage, read_write> input_matrix: array<f32>; // [O + C + 1, C]

var<workgroup> gram: array<f32, CHANNELS>; // γ[c′]·G[c′,c]
var<workgroup> scaled_weight: array<f32, HIDDEN>; // x_scale[o]·weight[o,c], with the x_scale of bn1

fn merged(i: u32) -> f32 {
  var sum = 0.0;
  for (var chunk = 0u; chunk < batch.CHUNKS; chunk++) {
    sum += partial[chunk * (sizes.C_OUT + sizes.C_IN) * sizes.C_IN + i];
  }
  return sum;
}

/// Column `column` of channel o of bn1, added up over the rows.
fn depthwise_sum(column: u32, o: u32) -> f32 {
  var sum = 0.0;
  for (var row = 0u; row < batch.DEPTHWISE_CHUNKS; row++) {
    sum += depthwise_sums[(row * COLUMNS + column) * sizes.C_OUT + o];
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let norm = norms[c];
  for (var other = thread; other < sizes.C_IN; other += WORKGROUP_SIZE) {
    gram[other] = norms[other].gamma * merged((sizes.C_OUT + other) * sizes.C_IN + c);
  }
  workgroupBarrier();
  let scale0 = norm.gamma * norm.invstd;
  var gamma = 0.0;
  var offset = 0.0;
  for (var o = thread; o < sizes.C_OUT; o += WORKGROUP_SIZE) {
    let i = o * sizes.C_IN + c;
    // The last four columns: dγ, dβ, γ and invstd; γ and invstd are the same in every row.
    let norm1 = Norm(
      0.0, // the mean is not needed
      depthwise_sums[(COLUMNS - 1) * sizes.C_OUT + o],
      depthwise_sums[(COLUMNS - 2) * sizes.C_OUT + o],
      0.0,
    );
    let dgamma1 = depthwise_sum(COLUMNS - 4, o);
    let backward = backward_norm_of(norm1, dgamma1, depthwise_sum(COLUMNS - 3, o), f32(batch.PIXELS));
    scaled_weight[o] = backward.x_scale * weight[i];
    var e = 0.0;
    for (var other = 0u; other < sizes.C_IN; other++) {
      e += weight[o * sizes.C_IN + other] * gram[other];
    }
    let m = backward.dy_scale * merged(i) + backward.x_scale * e;
    dweight[i] = norm.gamma * m;
    input_matrix[i] = scale0 * backward.dy_scale * weight[i];
    gamma += weight[i] * m;
    offset += weight[i] * backward.offset;
  }
  put_term(0, gamma, thread);
  put_term(1, offset, thread);
  workgroupBarrier();
  for (var other = thread; other < sizes.C_IN; other += WORKGROUP_SIZE) {
    var sum = 0.0;
    for (var o = 0u; o < sizes.C_OUT; o++) {
      sum += scaled_weight[o] * weight[o * sizes.C_IN + other];
    }
#if BN0
    let own = select(0.0, sum_terms(0) / f32(batch.PIXELS), other == c);
#else
    let own = 0.0;
#end
    input_matrix[(sizes.C_OUT + other) * sizes.C_IN + c] = scale0 * (norms[other].gamma * sum - own);
  }
  if (thread == 0) {
#if BN0
    dgamma[c] = sum_terms(0);
    dbeta[c] = 0.0;
#end
    input_matrix[(sizes.C_OUT + sizes.C_IN) * sizes.C_IN + c] = scale0 * sum_terms(1);
  }
}
