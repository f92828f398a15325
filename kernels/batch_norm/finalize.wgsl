// The norm of each channel, out of the moments of a batch.

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> moments: array<vec4f>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> running: array<f32>;
@group(0) @binding(4) var<storage, read_write> norms: array<Norm>;

#include "./fold.wgsl"

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c < C) {
    let batch = batch_moments(c);
    norms[c] = norm_of(c, batch);
    move_running(c, batch);
  }
}
