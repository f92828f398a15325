// Partial sums for the gradients of the projection's weight and of bn3, over a chunk of (n,p), with z = gate·act(bn2(d))
// and p̂, p normalised by bn3 without γ and β:
//
//   M[o,c] = Σ dy[o]·z[c]    P[o,c] = Σ p̂[o]·z[c]    Σ dy[o]·p̂[o]    Σ dy[o]    Σ z[c]
//
// project_merge.wgsl computes the gradients from these, so bn3 needs no pass over dy and p of its own. A row of `partial`
// holds the sums in this order. Sums of p itself would lose digits where p's mean is large.

#include "../common/activation.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> p: array<Stored>;
@group(0) @binding(2) var<storage, read> d: array<Stored>;
@group(0) @binding(3) var<storage, read> norms: array<Norm>; // of bn2
@group(0) @binding(4) var<storage, read> norms3: array<Norm>;
#if GATED
@group(0) @binding(5) var<storage, read> gate: array<f32>;
#end
@group(0) @binding(6) var<storage, read_write> partial: array<f32>;

fn row(n: u32, o: u32, at: u32) -> V {
  return V(dy[(n * sizes.C_OUT + o) * sizes.PLANE_OUT + at]);
}

alias ExtraValues = Norm;

fn extra_values(o: u32) -> Norm {
  return norms3[o];
}

fn extra_row(n: u32, o: u32, at: u32, norm: Norm) -> V {
  return x_hat(norm, V(p[(n * sizes.C_OUT + o) * sizes.PLANE_OUT + at]));
}

alias ColumnValues = Norm;

fn column_values(c: u32) -> Norm {
  return norms[c];
}

fn column(n: u32, c: u32, at: u32, norm: Norm) -> V {
  let plane = n * sizes.C_IN + c;
  let z = activation(normalized(norm, V(d[plane * sizes.PLANE_OUT + at])));
#if GATED
  return gate[plane] * z;
#else
  return z;
#end
}

#include "../pointwise/outer.wgsl"
