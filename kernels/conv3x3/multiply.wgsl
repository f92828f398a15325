// Dense 3×3 convolution, padding 1:
//
//   y[n,o,i,j] = Σ_{c,k,l} weight[o,c,k,l] · x[n,c, s·i+k−1, s·j+l−1] (+ bias[o])
//
// The backward pass to the input is, for stride 1, the same with the weight TRANSPOSED: channels exchanged and the
// kernel turned by 180°. A thread keeps TILE_O output channels at each of VECTORS vectors of pixels in registers. Weight
// addresses depend only on the workgroup, so each weight is read once for all lanes and serves all vectors. A workgroup
// takes SPAN vectors, step by step; with LEAVE it leaves y's moments.

#sizes POSITIONS SPAN GROUPS_X C_IN C_OUT HEIGHT_IN HEIGHT_OUT ROW_IN ROW_OUT

#include "../common/vector.wgsl"
#include "../common/taps.wgsl"
#include "../common/plain_pixels.wgsl"

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

/// Row k of the kernel from channel c to an output channel.
fn kernel_row(channel: u32, c: u32, k: u32) -> vec3f {
#if OVERHANG
  let o = min(channel, C_OUT - 1); // the last tile hangs over; what it sums there is not stored
#else
  let o = channel;
#end
#if TRANSPOSED
  let at = (c * C_OUT + o) * 9 + 8 - 3 * k;
  return vec3f(weight[at], weight[at - 1], weight[at - 2]);
#else
  let at = (o * C_IN + c) * 9 + 3 * k;
  return vec3f(weight[at], weight[at + 1], weight[at + 2]);
#end
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
  for (var start = span * SPAN + lane; start < end; start += LANES * VECTORS) {
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
#for t in 0..TILE_O
      let kernel$t = kernel_row(o + $t, c, k);
#for v in 0..VECTORS
      sum$(t)_$v = row_sum(kernel$t, row$v, sum$(t)_$v);
#end
#end
    }
#for v in 0..VECTORS
    if (start + $v * LANES < end) {
#for t in 0..TILE_O
#if OVERHANG
      if (o + $t < C_OUT) {
#else
      {
#end
        y[((n$v * C_OUT + o + $t) * HEIGHT_OUT + i$v) * ROW_OUT + j$v] = Stored(sum$(t)_$v);
#if LEAVE
        note$t(sum$(t)_$v);
#end
      }
#end
    }
#end
  }
#if LEAVE
  leave(span, o, lane);
#end
}
