// y = weight ∗ x, channel by channel (see walk.wgsl). A workgroup stays in one channel, so its kernel is read once for all
// lanes.

#sizes POSITIONS GROUPS_X

#include "../common/vector.wgsl"
#include "../common/plain_pixels.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;

#include "./walk.wgsl"

fn emit(i: u32, sum: V) {
  y[i] = Stored(sum);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let band = (group.z * GROUPS_X + group.x) * LANES + lane;
  if (band < POSITIONS) {
    walk(group.y, band);
  }
}
