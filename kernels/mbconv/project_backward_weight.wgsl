// What the gradients of the projecting weight and of bn3 behind it need, in slabs of (n,p), where z = gate · act(bn2(d)) is
// what was projected:
//
//   M[o,c] = Σ dy[o]·z[c]    P[o,c] = Σ p[o]·z[c]    Σ dy[o]·p[o]    Σ dy[o]    Σ z[c]
//
// project_merge.wgsl makes the gradients of them: no pass over dy and p is needed for bn3 alone. A slab's sums lie in
// `partial` one after another, in that order.

#include "../common/activation.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> p: array<Stored>;
@group(0) @binding(2) var<storage, read> d: array<Stored>;
@group(0) @binding(3) var<storage, read> norms: array<Norm>; // of bn2
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;

fn row(n: u32, o: u32, at: u32) -> V {
  return V(dy[(n * C_OUT + o) * PLANE_OUT + at]);
}

struct Other {
  none: u32,
}

fn other_of(o: u32) -> Other {
  return Other();
}

fn other(n: u32, o: u32, at: u32, by: Other) -> V {
  return V(p[(n * C_OUT + o) * PLANE_OUT + at]);
}

alias Column = Norm;

fn column_of(c: u32) -> Norm {
  return norms[c];
}

fn column(n: u32, c: u32, at: u32, norm: Norm) -> V {
  let plane = n * C_IN + c;
  return gate[plane] * $(ACTIVATION)(normalized(norm, V(d[plane * PLANE_OUT + at])));
}

#include "../pointwise/outer.wgsl"
