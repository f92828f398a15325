// Gradient of x through bn0, the expansion and bn1. It is linear in du, the gradient of bn1's output, and in x̂, x
// normalised by bn0; so it is one product with the matrix and the bias that expand_merge.wgsl computes, plus the
// shortcut's gradient if the block has one (SKIP):
//
//   dx[n,o,p] = Σ_c matrix[o,c]·du[n,c,p] + Σ_c′ matrix[o,H+c′]·x̂[n,c′,p] + bias[o] + skip[n,o,p]

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> du: array<Stored>;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>; // of bn0
@group(0) @binding(3) var<storage, read> weight: array<f32>;
#if SKIP
@group(0) @binding(4) var<storage, read> skip: array<Stored>;
#end
@group(0) @binding(5) var<storage, read_write> dx: array<Stored>;

fn load0(i: u32, c: u32, n: u32) -> V {
  return V(du[i]);
}

fn load1(i: u32, c: u32, n: u32) -> V {
  return x_hat(norms[c], V(x[i]));
}

fn finish(o: u32, n: u32, p: u32, sum: V) {
  let i = (n * sizes.C_OUT + o) * sizes.PLANE_OUT + p;
  let y = sum + weight[(sizes.C_IN0 + sizes.C_IN1) * sizes.C_OUT + o];
#if SKIP
  dx[i] = Stored(y + V(skip[i]));
#else
  dx[i] = Stored(y);
#end
}

fn source_of(p: u32) -> u32 {
  return p;
}

#include "../pointwise/each.wgsl"
