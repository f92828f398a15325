// Folds a normalisation by running statistics into the 1×1 convolution after it; scale[c] = γ[c]/√(variance[c] + eps):
//
//   folded_weight[o,c] = weight[o,c]·scale[c]      folded_bias[o] = Σ_c weight[o,c]·(β[c] − mean[c]·scale[c])
//
// It works only for 1×1: a wider convolution pads with zeros after the normalisation, which no bias can express. A
// workgroup computes one output channel.

#sizes C

#include "../common/workgroup_sums.wgsl"

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read> running_mean: array<f32>;
@group(0) @binding(4) var<storage, read> running_variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> folded_weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> folded_bias: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let o = group.x;
  var shift = 0.0;
  for (var c = thread; c < sizes.C; c += WORKGROUP_SIZE) {
    let w = weight[o * sizes.C + c];
    let scale = gamma[c] * inverseSqrt(running_variance[c] + EPS);
    folded_weight[o * sizes.C + c] = w * scale;
    shift += w * (beta[c] - running_mean[c] * scale);
  }
  put_term(0, shift, thread);
  workgroupBarrier();
  if (thread == 0) {
    folded_bias[o] = sum_terms(0);
  }
}
