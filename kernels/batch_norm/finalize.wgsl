// norms[c] of each channel from the moments of a batch; also updates the running statistics. One workgroup computes one
// channel (see batch_statistics.wgsl).

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> moments: array<vec4f>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> running: array<f32>;
@group(0) @binding(4) var<storage, read_write> norms: array<Norm>;

#include "./batch_statistics.wgsl"

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let stats = batch_moments(c, thread);
  if (thread == 0) {
    norms[c] = norm_of(c, stats);
    update_running(c, stats);
  }
}
