// Pointwise (1×1) convolution: at every pixel, a matrix times the vector of its channels.
//
//   y[n,o,p] = Σ_c matrix[o,c] · x[n,c,s·p] (+ bias[o]) (+ addend[n,o,p])
//
// Backward to the input, a stride spreads pixels out instead of skipping them.

#sizes POSITIONS GROUPS_X WIDTH_IN WIDTH_OUT PLANE_OUT

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
#if ADD
@group(0) @binding(3) var<storage, read> addend: array<Stored>;
#end
@group(0) @binding(4) var<storage, read_write> y: array<Stored>;

#include "./product.wgsl"

fn load(i: u32, c: u32, n: u32) -> V {
  return V(x[i]);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.y * TILE_O;
  var at: Pixels;
#for v in 0..VECTORS
  let position$v = ((group.z * GROUPS_X + group.x) * VECTORS + $v) * LANES + lane;
  let p$v = min(position$v, POSITIONS - 1) % PLANE_OUT;
  at.n$v = min(position$v, POSITIONS - 1) / PLANE_OUT;
#if STRIDE == 1
  at.source$v = p$v;
#else
  let i$v = p$v / WIDTH_OUT;
  let j$v = p$v % WIDTH_OUT;
#if TRANSPOSED
  // Only the first pixel of every STRIDE in every STRIDE-th row was read on the way forward.
  let inside$v = i$v % STRIDE == 0 && j$v % STRIDE == 0;
  at.source$v = i$v / STRIDE * WIDTH_IN + j$v / STRIDE;
#else
  at.source$v = i$v * STRIDE * WIDTH_IN + j$v * STRIDE;
#end
#end
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
      let i = (at.n$v * C_OUT + o + $t) * PLANE_OUT + p$v;
#if STRIDE != 1 && TRANSPOSED
      let sum = select(V(), tile.y$(t)_$v, inside$v);
#else
      let sum = tile.y$(t)_$v;
#end
#if ADD
      y[i] = Stored(sum + V(addend[i]));
#else
      y[i] = Stored(sum);
#end
    }
#end
  }
#end
}
