// Depthwise convolution of a block without an expansion, whose input is neither normalised nor activated:
//
//   d = weight ∗ x, channel by channel (see depthwise/walk.wgsl)
//
// A workgroup takes CHUNK of a channel's bands and writes d's moments, which bn2 needs.

#include "../common/vector.wgsl"
#include "../common/plain_pixels.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;
@group(0) @binding(3) var<storage, read_write> moments_out: array<vec4f>;

#include "./depthwise_chunk.wgsl"

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  walk_chunk(group.x, group.y, thread);
}
