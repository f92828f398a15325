// A normalisation and the 1×1 convolution after it as one convolution (padding forbids it for a wider one), with scale =
// γ/√(variance + eps) of an input channel:
//
//   folded_weight[o,c] = weight[o,c]·scale[c]      folded_bias[o] = Σ_c weight[o,c]·(β[c] − mean[c]·scale[c])
//
// A workgroup an output channel.

#sizes C

#include "../common/lane_sums.wgsl"

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read> running_mean: array<f32>;
@group(0) @binding(4) var<storage, read> running_variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> folded_weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> folded_bias: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x;
  var shift = 0.0;
  for (var c = lane; c < C; c += LANES) {
    let w = weight[o * C + c];
    let scale = gamma[c] * inverseSqrt(running_variance[c] + EPS);
    folded_weight[o * C + c] = w * scale;
    shift += w * (beta[c] - running_mean[c] * scale);
  }
  put(0, shift, lane);
  workgroupBarrier();
  if (lane == 0) {
    folded_bias[o] = total(0);
  }
}
