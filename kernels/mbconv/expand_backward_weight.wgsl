// partial[slab,o,c] = Σ de[n,o,p] · x̂[n,c,p] over a slab of (n,p), where de = bn1 backward of du and x̂ is x normalised by
// bn0 (before its γ and β). Merged, this gives the weight's and γ's gradients (see expand_merge.wgsl).

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"

@group(0) @binding(0) var<storage, read> du: array<Stored>;
@group(0) @binding(1) var<storage, read> e: array<Stored>;
@group(0) @binding(2) var<storage, read> slopes: array<Slope>; // of bn1
@group(0) @binding(3) var<storage, read> x: array<Stored>;
@group(0) @binding(4) var<storage, read> norms: array<Norm>; // of bn0
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;

fn row(n: u32, o: u32, p: u32) -> V {
  let i = (n * C_OUT + o) * PLANE_OUT + p;
  return back(slopes[o], V(du[i]), V(e[i]));
}

fn column(n: u32, c: u32, p: u32) -> V {
  return x_hat(norms[c], V(x[(n * C_IN + c) * PLANE_OUT + p]));
}

#include "../pointwise/outer.wgsl"
