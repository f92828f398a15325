// fused = FORMULA of yang (a) and yin (i), pixel by pixel

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read> yang: array<Stored>;
@group(0) @binding(1) var<storage, read> yin: array<Stored>;
@group(0) @binding(2) var<storage, read_write> fused: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (index < batch.COUNT) {
    let a = V(yang[index]);
    let i = V(yin[index]);
    fused[index] = Stored($FORMULA);
  }
}
