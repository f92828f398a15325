// filled[i] = VALUE.

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read_write> filled: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i < batch.COUNT) {
    filled[i] = Stored(VALUE);
  }
}
