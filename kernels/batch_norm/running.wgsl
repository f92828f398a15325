// norms[c] of each channel for evaluation: mean and variance are the running statistics.

#include "../common/vector.wgsl"
#include "./norm.wgsl"

#sizes C

@group(0) @binding(0) var<storage, read> running_mean: array<f32>;
@group(0) @binding(1) var<storage, read> running_variance: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> norms: array<Norm>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c < sizes.C) {
    norms[c] = Norm(running_mean[c], inverseSqrt(running_variance[c] + EPS), gamma[c], beta[c]);
  }
}
