// dx[i] = dy[i] · act′(x[i])

#include "../common/activation.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * GROUPS_X + group.x) * LANES + lane;
  if (i < COUNT) {
    dx[i] = Stored(V(dy[i]) * $(KIND)_slope(V(x[i])));
  }
}
