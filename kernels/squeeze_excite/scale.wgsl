// Multiplies each plane by its gate: y[n,c,p] = x[n,c,p] · gate[n,c]

#include "../common/vector.wgsl"
#include "../common/planes.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> gate: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = locate(group, thread);
  if (at.inside) {
    y[at.i] = Stored(V(x[at.i]) * gate[at.plane]);
  }
}
