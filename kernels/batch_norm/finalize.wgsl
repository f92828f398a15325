// The norm of each channel, out of the moments of a batch, a workgroup for each.

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> moments: array<vec4f>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> running: array<f32>;
@group(0) @binding(4) var<storage, read_write> norms: array<Norm>;

#include "./fold.wgsl"

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let batch = batch_moments(c, lane);
  if (lane == 0) {
    norms[c] = norm_of(c, batch);
    move_running(c, batch);
  }
}
