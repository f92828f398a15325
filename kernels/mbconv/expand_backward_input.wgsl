// dx = bn0 backward of (expandᵀ · de), plus what comes by the shortcut; de = bn1 backward of du.

#sizes POSITIONS GROUPS_X PLANE_OUT

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"

@group(0) @binding(0) var<storage, read> du: array<Stored>;
@group(0) @binding(1) var<storage, read> e: array<Stored>;
@group(0) @binding(2) var<storage, read> slopes: array<Slope>; // of bn1
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> x: array<Stored>;
@group(0) @binding(5) var<storage, read> slopes0: array<Slope>;
@group(0) @binding(6) var<storage, read> skip: array<Stored>;
@group(0) @binding(7) var<storage, read_write> dx: array<Stored>;

#include "../pointwise/product.wgsl"

fn load(i: u32, c: u32, n: u32) -> V {
  return back(slopes[c], V(du[i]), V(e[i]));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.y * TILE_O;
  var at: Pixels;
#for v in 0..VECTORS
  let position$v = ((group.z * GROUPS_X + group.x) * VECTORS + $v) * LANES + lane;
  at.n$v = min(position$v, POSITIONS - 1) / PLANE_OUT;
  at.source$v = min(position$v, POSITIONS - 1) % PLANE_OUT;
#end
  let tile = product(o, at);
#for v in 0..VECTORS
  if (position$v < POSITIONS) {
#for t in 0..TILE_O
#if OVERHANG
    if (o + $t < C_OUT) {
#else
    {
#end
      let i = (at.n$v * C_OUT + o + $t) * PLANE_OUT + at.source$v;
      dx[i] = Stored(back(slopes0[o + $t], tile.y$(t)_$v, V(x[i])) + V(skip[i]));
    }
#end
  }
#end
}
