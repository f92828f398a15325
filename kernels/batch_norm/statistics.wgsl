// The moments of x's channels, a row for each slab of a channel's pixels.

#include "../common/vector.wgsl"
#include "./slab.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> left: array<vec4f>;

#include "./lane_moments.wgsl"

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let slab = group.y;
  var k = slab * SLAB + lane;
  var at = cursor(k, c);
  for (; k < slab_end(slab); k += LANES) {
    note0(V(x[at.i]));
    counted();
    at = advance(at);
  }
  leave(slab, c, lane);
}
