// Folds a normalisation by running statistics into the convolution before it; scale[o] = γ[o]/√(variance[o] + eps):
//
//   folded_weight[o,…] = scale[o]·weight[o,…]      folded_bias[o] = scale[o]·(bias[o] − mean[o]) + β[o]
//
// A workgroup computes one output channel, which has PER_OUTPUT weights.

#sizes PER_OUTPUT

@group(0) @binding(0) var<storage, read> weight: array<f32>;
#if BIAS
@group(0) @binding(1) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read> running_mean: array<f32>;
@group(0) @binding(5) var<storage, read> running_variance: array<f32>;
@group(0) @binding(6) var<storage, read_write> folded_weight: array<f32>;
@group(0) @binding(7) var<storage, read_write> folded_bias: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let o = group.x;
  let scale = gamma[o] * inverseSqrt(running_variance[o] + EPS);
  for (var k = thread; k < sizes.PER_OUTPUT; k += WORKGROUP_SIZE) {
    let i = o * sizes.PER_OUTPUT + k;
    folded_weight[i] = scale * weight[i];
  }
  if (thread == 0) {
#if BIAS
    let from_mean = bias[o] - running_mean[o];
#else
    let from_mean = -running_mean[o];
#end
    folded_bias[o] = scale * from_mean + beta[o];
  }
}
