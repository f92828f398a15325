// e = expand · bn0(x): bn0 is applied where x is read, and e's moments are left for bn1.

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> norms: array<Norm>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
@group(0) @binding(4) var<storage, read_write> left: array<vec4f>;

fn load0(i: u32, c: u32, n: u32) -> V {
  return normalized(norms[c], V(x[i]));
}

#include "./forward.wgsl"
