// One AdamW step over all parameters in one flat buffer. g is the gradient, clipped to the norm max_norm:
//
//   m₁ ← β₁ m₁ + (1 − β₁) g
//   m₂ ← β₂ m₂ + (1 − β₂) g²                       with AMSGRAD, the next line uses the largest m₂ so far
//   p  ← (1 − lr·decay) p − lr / (1 − β₁ᵗ) · m₁ / (√m₂ / √(1 − β₂ᵗ) + eps)
//   average ← d · average + (1 − d) p              with AVERAGE
//
// With SCALED, norm[1] is the factor that undoes the scaling of the loss. It is 0 if g is not finite: then nothing changes.

#include "../common/vector.wgsl"
#include "../grad_norm/scale.wgsl"

#batch COUNT GROUPS_X

// Computed in float64 on the host: in f32, 1 − β₂ would be off by 5e-5.
struct Hyperparameters {
  shrink: f32,
  step_size: f32,
  beta1: f32,
  one_minus_beta1: f32,
  beta2: f32,
  one_minus_beta2: f32,
  root_correction2: f32,
  eps: f32,
  max_norm: f32,
  average_decay: f32,
  one_minus_average_decay: f32,
}

@group(0) @binding(0) var<storage, read> hyper: Hyperparameters;
@group(0) @binding(1) var<storage, read> gradient: array<V>;
@group(0) @binding(2) var<storage, read_write> parameter: array<V>;
@group(0) @binding(3) var<storage, read_write> moment1: array<V>;
@group(0) @binding(4) var<storage, read_write> moment2: array<V>;
#if AMSGRAD
@group(0) @binding(5) var<storage, read_write> moment2_max: array<V>;
#end
#if CLIP
@group(0) @binding(6) var<storage, read> norm: array<f32>;
#end
#if AVERAGE
@group(0) @binding(7) var<storage, read_write> average: array<V>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= batch.COUNT) {
    return;
  }
#if SCALED
  if (norm[1] == 0.0) {
    return;
  }
  let g = gradient[i] * (norm[1] * clip_scale(norm[0], hyper.max_norm));
#elif CLIP
  let g = gradient[i] * clip_scale(norm[0], hyper.max_norm);
#else
  let g = gradient[i];
#end
  let m1 = hyper.beta1 * moment1[i] + hyper.one_minus_beta1 * g;
  var m2 = hyper.beta2 * moment2[i] + hyper.one_minus_beta2 * g * g;
  moment1[i] = m1;
  moment2[i] = m2;
#if AMSGRAD
  m2 = max(m2, moment2_max[i]);
  moment2_max[i] = m2;
#end
  let p = hyper.shrink * parameter[i] - hyper.step_size * m1 / (sqrt(m2) / hyper.root_correction2 + hyper.eps);
  parameter[i] = p;
#if AVERAGE
  average[i] = hyper.average_decay * average[i] + hyper.one_minus_average_decay * p;
#end
}
