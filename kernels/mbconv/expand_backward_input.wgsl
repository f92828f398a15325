// dx behind bn0, the expansion and bn1, from du in front of bn1's activation: all of that is linear in du and in x, so it is
// one product with the matrix and the bias that expand_merge.wgsl made, plus what comes by the shortcut.

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> du: array<Stored>;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>; // of bn0
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> skip: array<Stored>;
@group(0) @binding(5) var<storage, read_write> dx: array<Stored>;

fn load0(i: u32, c: u32, n: u32) -> V {
  return V(du[i]);
}

fn load1(i: u32, c: u32, n: u32) -> V {
  return x_hat(norms[c], V(x[i]));
}

fn finish(o: u32, n: u32, p: u32, sum: V) {
  let i = (n * C_OUT + o) * PLANE_OUT + p;
  dx[i] = Stored(sum + weight[(C_IN0 + C_IN1) * C_OUT + o] + V(skip[i]));
}

fn source_of(p: u32) -> u32 {
  return p;
}

#include "../pointwise/each.wgsl"
