// Gradient of x: directly through the product with the gate, and through the mean of its plane.
//
//   dx[n,c,p] = dy[n,c,p]·gate[n,c] + dsqueezed[n,c] / pixels

#include "../common/vector.wgsl"
#include "../common/planes.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> gate: array<f32>;
@group(0) @binding(2) var<storage, read> dsqueezed: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = locate(group, thread);
  if (at.inside) {
    dx[at.i] = Stored(V(dy[at.i]) * gate[at.plane] + dsqueezed[at.plane] / f32(sizes.PLANE * WIDTH));
  }
}
