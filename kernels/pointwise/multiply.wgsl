// Pointwise (1×1) convolution: at every pixel, a matrix times the vector of its channels.
//
//   y[n,o,p] = Σ_c matrix[o,c] · x[n,c,s·p] (+ bias[o])
//
// The backward pass to the input is the same product with the matrix read TRANSPOSED (and a stride that spreads
// pixels out instead of skipping them). A thread keeps TILE_O output channels of one vector of pixels in registers;
// matrix addresses depend only on the workgroup, so they are read once for all lanes.

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;

fn matrix(channel: u32, c: u32) -> f32 {
#if C_OUT % TILE_O != 0
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
  let p = group.x * LANES + lane;
  if (p >= PLANE_OUT) {
    return;
  }
#if STRIDE == 1
  let source = p;
#elif TRANSPOSED
  // Only every other pixel of every other row was read on the way forward.
  let inside = (p / WIDTH_OUT) % STRIDE == 0 && (p % WIDTH_OUT) % STRIDE == 0;
  let source = p / WIDTH_OUT / STRIDE * WIDTH_IN + p % WIDTH_OUT / STRIDE;
#else
  let source = p / WIDTH_OUT * STRIDE * WIDTH_IN + p % WIDTH_OUT * STRIDE;
#end
  let o = group.y * TILE_O;
  let n = group.z;

#for i in 0..TILE_O
  var sum$i = V();
#end
#if STRIDE != 1 && TRANSPOSED
  if (inside) {
#else
  {
#end
    for (var c = 0u; c < C_IN; c++) {
      let v = V(x[(n * C_IN + c) * PLANE_IN + source]);
#for i in 0..TILE_O
      sum$i = fma(V(matrix(o + $i, c)), v, sum$i);
#end
    }
  }
#for i in 0..TILE_O
#if C_OUT % TILE_O != 0
  if (o + $i < C_OUT) {
#else
  {
#end
#if BIAS
    sum$i += bias[o + $i];
#end
    y[(n * C_OUT + o + $i) * PLANE_OUT + p] = Stored(sum$i);
  }
#end
}
