// One SGD step over all parameters in one flat buffer. g is the gradient, clipped to the norm max_norm:
//
//   v ← momentum · v + (g + decay · p)             without MOMENTUM, v = g + decay · p and is not stored
//   p ← p − lr · v
//   average ← d · average + (1 − d) p              with AVERAGE
//
// norm[1] is the factor that undoes the scaling of the loss. It is 0 if g is not finite: then nothing changes.

#include "../common/vector.wgsl"
#include "../grad_norm/scale.wgsl"

#batch COUNT GROUPS_X

struct Hyperparameters {
  learning_rate: f32,
  weight_decay: f32,
  momentum: f32,
  max_norm: f32,
  average_decay: f32,
  one_minus_average_decay: f32,
}

@group(0) @binding(0) var<storage, read> hyper: Hyperparameters;
@group(0) @binding(1) var<storage, read> gradient: array<V>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameter: array<V>;
#if MOMENTUM
@group(0) @binding(4) var<storage, read_write> velocity: array<V>;
#end
#if AVERAGE
@group(0) @binding(5) var<storage, read_write> average: array<V>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= batch.COUNT || norm[1] == 0.0) {
    return;
  }
  let g = gradient[i] * (norm[1] * clip_scale(norm[0], hyper.max_norm));
  var v = g + hyper.weight_decay * parameter[i];
#if MOMENTUM
  v += hyper.momentum * velocity[i];
  velocity[i] = v;
#end
  let p = parameter[i] - hyper.learning_rate * v;
  parameter[i] = p;
#if AVERAGE
  average[i] = hyper.average_decay * average[i] + hyper.one_minus_average_decay * p;
#end
}
