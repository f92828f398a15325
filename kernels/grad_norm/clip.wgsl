// clipped[i] = gradient[i] · min(1, MAX_NORM / norm)

#include "../common/vector.wgsl"
#include "./scale.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read> gradient: array<Stored>;
@group(0) @binding(1) var<storage, read> norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> clipped: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i < batch.COUNT) {
    clipped[i] = gradient[i] * clip_scale(norm[0], f32(MAX_NORM));
  }
}
