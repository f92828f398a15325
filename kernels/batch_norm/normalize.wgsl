// y = act(γ·x̂ + β)

#include "../common/activation.wgsl"
#include "../common/planes.wgsl"
#include "./norm.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> norms: array<Norm>;
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = place(group, lane);
  if (at.inside) {
    let norm = norms[at.c];
    y[at.i] = Stored($(ACTIVATION)(normalized(norm, V(x[at.i]))));
  }
}
