// dx[n,c,p] = dy[n,c] / pixels of a plane

#include "../common/vector.wgsl"
#include "../common/planes.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = locate(group, thread);
  if (at.inside) {
    dx[at.i] = Stored(V(dy[at.plane] / f32(sizes.PLANE * WIDTH)));
  }
}
