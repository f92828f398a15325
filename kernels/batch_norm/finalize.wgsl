// The norm of each channel from the moments of a batch, stored where the backward pass reads it; also updates the running
// statistics. One workgroup computes one channel (see store_norm.wgsl).

#include "../common/vector.wgsl"
#include "./store_norm.wgsl"

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let stats = batch_moments(c, thread);
  if (thread == 0) {
    store_norm(c, norm_of(c, stats), stats);
  }
}
