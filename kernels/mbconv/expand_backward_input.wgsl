// dx behind bn0, the expansion and bn1, from du in front of bn1's activation: all of that is linear in du and in x, so it is
// one product with the matrix and the bias that expand_merge.wgsl made, plus what comes by the shortcut.

#sizes POSITIONS GROUPS_X PLANE_OUT

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> du: array<Stored>;
@group(0) @binding(1) var<storage, read> x: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>; // of bn0
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> skip: array<Stored>;
@group(0) @binding(5) var<storage, read_write> dx: array<Stored>;

#include "../pointwise/product.wgsl"

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

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.y * TILE_O;
  var at: Pixels;
  var p: array<u32, VECTORS>;
  var inside: array<bool, VECTORS>;
#for v in 0..VECTORS
  let position$v = ((group.z * GROUPS_X + group.x) * VECTORS + $v) * LANES + lane;
  inside[$v] = position$v < POSITIONS;
  p[$v] = min(position$v, POSITIONS - 1) % PLANE_OUT;
  at.n$v = min(position$v, POSITIONS - 1) / PLANE_OUT;
  at.source$v = p[$v];
#end
  finish_tile(o, product(o, at), at, p, inside);
}
