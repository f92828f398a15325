// dx, the way back through a normalisation (see slope.wgsl), from dy behind the activation that followed it.

#include "../common/activation.wgsl"
#include "../common/planes.wgsl"
#include "./norm.wgsl"
#include "./slope.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
#if ACTIVATION != 'none'
@group(0) @binding(2) var<storage, read> norms: array<Norm>;
#end
@group(0) @binding(3) var<storage, read> slopes: array<Slope>;
@group(0) @binding(4) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = place(group, lane);
  if (at.inside) {
    let v = V(x[at.i]);
#if ACTIVATION != 'none'
    let du = V(dy[at.i]) * $(ACTIVATION)_slope(normalized(norms[at.c], v));
#else
    let du = V(dy[at.i]);
#end
    dx[at.i] = Stored(back(slopes[at.c], du, v));
  }
}
