// dx[n,c,p] = dy[n,c] / pixels

#include "../common/vector.wgsl"
#include "../common/planes.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = place(group, lane);
  if (at.inside) {
    dx[at.i] = Stored(V(dy[at.plane] / f32(PLANE * WIDTH)));
  }
}
