// y = act(γ·x̂ + β), x̂ = (x − mean)·invstd, with norms that an earlier kernel computed (finalize.wgsl or running.wgsl).

#include "../common/activation.wgsl"
#include "../common/planes.wgsl"
#include "./norm.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> norms: array<Norm>;
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = locate(group, thread);
  if (at.inside) {
    let norm = norms[at.c];
    y[at.i] = Stored(activation(normalized(norm, V(x[at.i]))));
  }
}
