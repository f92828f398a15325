// Copies the channels of one part, PART vectors a picture, to their place in the whole, or (SPLIT) back from there. In
// the whole a picture has WHOLE vectors, and those of the part begin at OFFSET.

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X
#sizes PART WHOLE OFFSET

@group(0) @binding(0) var<storage, read> source: array<Stored>;
@group(0) @binding(1) var<storage, read_write> copy: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i < batch.COUNT) {
    let in_whole = i / sizes.PART * sizes.WHOLE + sizes.OFFSET + i % sizes.PART;
#if SPLIT
    copy[i] = source[in_whole];
#else
    copy[in_whole] = source[i];
#end
  }
}
