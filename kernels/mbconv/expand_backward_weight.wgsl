// partial[slab,o,c] = Σ du[n,o,p] · x̂[n,c,p] over a slab of (n,p), where x̂ is x normalised by bn0 (before its γ and β), and
// behind these rows Σ x̂ · x̂: all that the gradients of bn0, the expansion and the way back to x need (expand_merge.wgsl).

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> du: array<Stored>;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>; // of bn0
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

fn row(n: u32, o: u32, p: u32) -> V {
  return V(du[(n * C_OUT + o) * PLANE_OUT + p]);
}

alias Column = Norm;

fn column_of(c: u32) -> Norm {
  return norms[c];
}

fn column(n: u32, c: u32, p: u32, norm: Norm) -> V {
  return x_hat(norm, V(x[(n * C_IN + c) * PLANE_OUT + p]));
}

alias Other = Column;

fn other_of(c: u32) -> Norm {
  return norms[c];
}

fn other(n: u32, c: u32, p: u32, norm: Norm) -> V {
  return column(n, c, p, norm);
}

#include "../pointwise/outer.wgsl"
