// Projection of a block, a pointwise product with bn2, activation and gate applied where d is read:
//
//   p[n,o,q] = Σ_c weight[o,c] · gate[n,c] · act(bn2(d))[n,c,q]
//
// It also writes p's moments, which bn3 needs (forward.wgsl). Without GATED there is no gate.

#include "../common/activation.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> norms: array<Norm>;
#if GATED
@group(0) @binding(2) var<storage, read> gate: array<f32>; // [N,H]
#end
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<Stored>;
@group(0) @binding(5) var<storage, read_write> moments_out: array<vec4f>;

fn load0(i: u32, c: u32, n: u32) -> V {
  let z = activation(normalized(norms[c], V(x[i])));
#if GATED
  return gate[n * sizes.C_IN0 + c] * z;
#else
  return z;
#end
}

fn prepare(is_first: bool, thread: u32) {}

#include "./forward.wgsl"
