// batch_statistics.wgsl for kernels that normalise their input themselves. They store the norm in row 0 of `moments`,
// where the backward pass reads it. This file uses bindings 1 to 4.
//
//   let stats = batch_moments(c, thread);   let norm = norm_of(c, stats);
//   store_norm(c, norm, stats);             in one thread of the whole dispatch for each channel

@group(0) @binding(1) var<storage, read_write> moments: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> running: array<f32>;

#include "./batch_statistics.wgsl"

fn store_norm(c: u32, norm: Norm, stats: Moments) {
  moments[c] = vec4f(norm.mean, norm.invstd, norm.gamma, norm.beta);
  update_running(c, stats);
}
