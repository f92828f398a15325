// Pointwise (1×1) convolution: at every pixel, a matrix times the vector of its channels.
//
//   y[n,o,p] = Σ_c matrix[o,c] · x[n,c,s·p] (+ bias[o])
//
// The backward pass to the input is the same product with the matrix read TRANSPOSED (and a stride that spreads pixels
// out instead of skipping them). A thread keeps TILE_O output channels at each of VECTORS vectors of pixels in registers.
// Matrix addresses depend only on the workgroup, so each element is read once for all lanes and serves all vectors.

#sizes POSITIONS GROUPS_X C_IN C_OUT WIDTH_IN WIDTH_OUT PLANE_IN PLANE_OUT

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;

fn matrix(channel: u32, c: u32) -> f32 {
#if OVERHANG
  let o = min(channel, C_OUT - 1); // the last tile hangs over; what it sums there is not stored
#else
  let o = channel;
#end
#if TRANSPOSED
  return weight[c * C_OUT + o];
#else
  return weight[o * C_IN + c];
#end
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.y * TILE_O;
#for v in 0..VECTORS
  let position$v = ((group.z * GROUPS_X + group.x) * VECTORS + $v) * LANES + lane;
  let n$v = min(position$v, POSITIONS - 1) / PLANE_OUT;
  let p$v = min(position$v, POSITIONS - 1) % PLANE_OUT;
#if STRIDE == 1
  let source$v = n$v * C_IN * PLANE_IN + p$v;
#else
  let i$v = p$v / WIDTH_OUT;
  let j$v = p$v % WIDTH_OUT;
#if TRANSPOSED
  // Only the first pixel of every STRIDE in every STRIDE-th row was read on the way forward.
  let inside$v = i$v % STRIDE == 0 && j$v % STRIDE == 0;
  let source$v = n$v * C_IN * PLANE_IN + i$v / STRIDE * WIDTH_IN + j$v / STRIDE;
#else
  let source$v = n$v * C_IN * PLANE_IN + i$v * STRIDE * WIDTH_IN + j$v * STRIDE;
#end
#end
#end

#for t in 0..TILE_O
#if BIAS
  let bias$t = V(bias[min(o + $t, C_OUT - 1)]);
#else
  let bias$t = V();
#end
#for v in 0..VECTORS
  var sum$(t)_$v = bias$t;
#end
#end
  for (var c = 0u; c < C_IN; c++) {
#for v in 0..VECTORS
    let x$v = V(x[source$v + c * PLANE_IN]);
#end
#for t in 0..TILE_O
    let m$t = V(matrix(o + $t, c));
#for v in 0..VECTORS
    sum$(t)_$v = fma(m$t, x$v, sum$(t)_$v);
#end
#end
  }

#for v in 0..VECTORS
  if (position$v < POSITIONS) {
#for t in 0..TILE_O
#if OVERHANG
    if (o + $t < C_OUT) {
#else
    {
#end
#if STRIDE != 1 && TRANSPOSED
      y[(n$v * C_OUT + o + $t) * PLANE_OUT + p$v] = Stored(select(V(), sum$(t)_$v, inside$v));
#else
      y[(n$v * C_OUT + o + $t) * PLANE_OUT + p$v] = Stored(sum$(t)_$v);
#end
    }
#end
  }
#end
}
