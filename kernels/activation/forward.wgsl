// y[i] = act(x[i])

#include "../common/activation.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i < batch.COUNT) {
    y[i] = Stored(activation(V(x[i])));
  }
}
