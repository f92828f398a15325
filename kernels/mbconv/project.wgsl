// p = project · (gate · act(bn2(d))): all of that is applied where d is read, and p's moments are left for bn3.

#include "../common/activation.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> norms: array<Norm>;
@group(0) @binding(2) var<storage, read> gate: array<f32>; // [N,H]
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<Stored>;
@group(0) @binding(5) var<storage, read_write> left: array<vec4f>;

fn load0(i: u32, c: u32, n: u32) -> V {
  return gate[n * C_IN0 + c] * $(ACTIVATION)(normalized(norms[c], V(x[i])));
}

fn prepare(leads: bool, lane: u32) {}

#include "./forward.wgsl"
