// dx of the depthwise convolution with stride 2 (formula in common/spread.wgsl): a thread for each vector of dy, a
// workgroup stays in one channel.

#batch POSITIONS GROUPS_X
#sizes C

#include "../common/vector.wgsl"
#include "../common/spread.wgsl"
#include "../common/plain_pixels.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let position = (group.z * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (position >= batch.POSITIONS) {
    return;
  }
  let j = position % sizes.ROW_OUT;
  let i = position / sizes.ROW_OUT % sizes.HEIGHT_OUT;
  let plane = position / (sizes.ROW_OUT * sizes.HEIGHT_OUT) * sizes.C + group.y;
  let near = near_dy(plane * sizes.HEIGHT_OUT * sizes.ROW_OUT, i, j);
  store(plane * sizes.HEIGHT_IN * sizes.ROW_IN, i, j, spread(near, group.y * KERNEL * KERNEL, Block()));
}
