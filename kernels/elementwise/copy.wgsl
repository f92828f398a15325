// copy[i] = source[i]

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read> source: array<Stored>;
@group(0) @binding(1) var<storage, read_write> copy: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * GROUPS_X + group.x) * LANES + lane;
  if (i < COUNT) {
    copy[i] = source[i];
  }
}
