// Partial sums for the gradients of the expansion, bn0 and x (see expand_merge.wgsl), where x̂ is x normalised by bn0,
// without γ and β:
//
//   partial[chunk,o,c] = Σ du[n,o,p]·x̂[n,c,p]      partial[chunk,O+c′,c] = Σ x̂[n,c′,p]·x̂[n,c,p]      over a chunk of (n,p)

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> du: array<Stored>;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>; // of bn0
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

fn row(n: u32, o: u32, p: u32) -> V {
  return V(du[(n * sizes.C_OUT + o) * sizes.PLANE_OUT + p]);
}

alias ColumnValues = Norm;

fn column_values(c: u32) -> Norm {
  return norms[c];
}

fn column(n: u32, c: u32, p: u32, norm: Norm) -> V {
  return x_hat(norm, V(x[(n * sizes.C_IN + c) * sizes.PLANE_OUT + p]));
}

alias ExtraValues = ColumnValues;

fn extra_values(c: u32) -> Norm {
  return norms[c];
}

fn extra_row(n: u32, c: u32, p: u32, norm: Norm) -> V {
  return column(n, c, p, norm);
}

#include "../pointwise/outer.wgsl"
