// Dense 3×3 convolution, padding 1:
//
//   y[n,o,i,j] = act(Σ_{c,k,l} weight[o,c,k,l] · x[n,c, s·i+k−1, s·j+l−1] (+ bias[o]))
//
// The backward pass to the input is, for stride 1, the same with the weight TRANSPOSED: channels exchanged and the
// kernel turned by 180°. A thread keeps TILE_O output channels at each of VECTORS vectors of pixels in registers. Weight
// addresses depend only on the workgroup, so each weight is read once for all lanes and serves all vectors. A workgroup
// takes SPAN vectors, step by step; with LEAVE it leaves y's moments.

#batch POSITIONS SPAN GROUPS_X
#sizes C_IN C_OUT HEIGHT_IN HEIGHT_OUT ROW_IN ROW_OUT TILE

#include "../common/activation.wgsl"
#include "../common/taps.wgsl"
#include "../common/plain_pixels.wgsl"
#include "../common/readers.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
#if LEAVE
@group(0) @binding(4) var<storage, read_write> left: array<vec4f>;
#include "../batch_norm/lane_moments.wgsl"
#end

/// Where column l of the first row of the kernel from the first channel to an output channel lies.
fn kernel_start(channel: u32, l: u32) -> u32 {
#if OVERHANG
  let o = min(channel, C_OUT - 1); // the last tile or its last readers hang over; what they sum there is not stored
#else
  let o = channel;
#end
#if TRANSPOSED
  return o * 9 + 8 - l;
#else
  return o * C_IN * 9 + l;
#end
}

/// How far behind that the row k of the kernel from channel c begins.
fn kernel_step(c: u32, k: u32) -> u32 {
#if TRANSPOSED
  return c * C_OUT * 9 - 3 * k;
#else
  return c * 9 + 3 * k;
#end
}

/// Writes a vector of a tile's channel t, `first` being where it lies in the first one.
fn store(first: u32, t: u32, sum: V) {
  y[first + t * HEIGHT_OUT * ROW_OUT] = Stored($(ACTIVATION)(sum));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.y * TILE_O;
  let span = group.z * GROUPS_X + group.x;
  let end = min((span + 1) * SPAN, POSITIONS);
#for t in 0..TILE_O
#if BIAS
  let bias$t = V(bias[min(o + $t, C_OUT - 1)]);
#else
  let bias$t = V();
#end
#end
  // The kernels' rows one behind the other, three numbers each.
  let mine = reader();
#for r in 0..(3 * TILE_O + READERS - 1) / READERS
  let number$r = $(r * READERS) + mine;
  let kernel$r = kernel_start(o + number$r / 3, number$r % 3);
#end
  for (var first = span * SPAN; first < end; first += LANES * VECTORS) {
    let start = first + lane;
#for v in 0..VECTORS
    let position$v = min(start + $v * LANES, POSITIONS - 1);
    let j$v = position$v % ROW_OUT;
    let i$v = position$v / ROW_OUT % HEIGHT_OUT;
    let n$v = position$v / (ROW_OUT * HEIGHT_OUT);
#for t in 0..TILE_O
    var sum$(t)_$v = bias$t;
#end
#end
    for (var ck = 0u; ck < 3 * C_IN; ck++) {
      let c = ck / 3;
      let k = ck % 3;
#for v in 0..VECTORS
      let row$v = taps((n$v * C_IN + c) * HEIGHT_IN * ROW_IN, STRIDE * i$v + k - 1, j$v);
#end
      let step = kernel_step(c, k);
#for r in 0..(3 * TILE_O + READERS - 1) / READERS
      let read$r = weight[kernel$r + step];
#end
#for t in 0..TILE_O
      let weights$t = vec3f(
#for e in 3 * t..3 * t + 3
        read_by$(e % READERS)(read$(e / READERS)),
#end
      );
#for v in 0..VECTORS
      sum$(t)_$v = row_sum(weights$t, row$v, sum$(t)_$v);
#end
#end
    }
#for v in 0..VECTORS
    if (start + $v * LANES < end) {
      let at$v = ((n$v * C_OUT + o) * HEIGHT_OUT + i$v) * ROW_OUT + j$v;
#if ROLLED
      // As in pointwise/product.wgsl: one place that writes.
      for (var t = 0u; t < min(TILE, C_OUT - o); t++) {
        var sum = sum0_$v;
#for t in 1..TILE_O
        sum = select(sum, sum$(t)_$v, t == $t);
#end
        store(at$v, t, sum);
      }
#else
#for t in 0..TILE_O
#if OVERHANG
      if (o + $t < C_OUT) {
#else
      {
#end
        store(at$v, $t, sum$(t)_$v);
      }
#end
#end
#if LEAVE
#for t in 0..TILE_O
      note$t(sum$(t)_$v);
#end
      counted();
#end
    }
#end
  }
#if LEAVE
  leave(span, o, lane);
#end
}
