// fold.wgsl for kernels that apply the norm themselves and keep it, in the row of `moments` that was left for it: binds 1 to
// 4 are its own.
//   let batch = batch_moments(c, lane);   let norm = norm_of(c, batch);   and from one place for each channel:   keep(c, norm, batch);

@group(0) @binding(1) var<storage, read_write> moments: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> running: array<f32>;

#include "./fold.wgsl"

fn keep(c: u32, norm: Norm, batch: Moments) {
  moments[c] = vec4f(norm.mean, norm.invstd, norm.gamma, norm.beta);
  move_running(c, batch);
}
