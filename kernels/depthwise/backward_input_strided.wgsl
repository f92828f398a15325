// dx of the depthwise 3×3 convolution with stride 2, in the manner of common/spread.wgsl: a thread for each vector of dy
// (see there), workgroups that stay in one channel.

#batch POSITIONS GROUPS_X
#sizes C

#include "../common/vector.wgsl"
#include "../common/spread.wgsl"
#include "../common/plain_pixels.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let position = (group.z * GROUPS_X + group.x) * LANES + lane;
  if (position >= POSITIONS) {
    return;
  }
  let j = position % ROW_OUT;
  let i = position / ROW_OUT % HEIGHT_OUT;
  let channel = position / (ROW_OUT * HEIGHT_OUT) * C + group.y;
  let near = corner(channel * HEIGHT_OUT * ROW_OUT, i, j);
  store(channel * HEIGHT_IN * ROW_IN, i, j, spread(near, group.y * 9, Block()));
}
