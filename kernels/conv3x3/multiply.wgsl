// Dense 3×3 convolution of stride s, padding 1:
//
//   y[n,o,i,j] = act(Σ_{c,k,l} weight[o,c,k,l] · x[n,c, s·i+k−1, s·j+l−1] (+ bias[o]))
//
// For stride 1 the backward pass to the input is the same with the weight TRANSPOSED: channels exchanged, kernels turned by
// 180°. A thread computes TILE_O output channels at VECTORS vectors of pixels in registers: each row of x that it loads
// serves TILE_O channels. Weights have the same address for all threads of a workgroup, so each is loaded once and serves
// all of their vectors. A workgroup walks through one chunk of positions and, WITH_MOMENTS, writes one row of y's moments.
// reference.ts has the plain loops.

#batch POSITIONS CHUNK GROUPS_X
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
#if WITH_MOMENTS
@group(0) @binding(4) var<storage, read_write> moments_out: array<vec4f>;
#include "../batch_norm/workgroup_moments.wgsl"
#end

/// The index in `weight` of column l of the first row of the first kernel of an output channel.
fn kernel_start(channel: u32, l: u32) -> u32 {
#if OVERHANG
  let o = min(channel, sizes.C_OUT - 1); // beyond the last channel, threads load it again; what they compute is not stored
#else
  let o = channel;
#end
#if TRANSPOSED
  return o * 9 + 8 - l;
#else
  return o * sizes.C_IN * 9 + l;
#end
}

/// What is added to that index for row k of the kernel of input channel c.
fn kernel_step(c: u32, k: u32) -> u32 {
#if TRANSPOSED
  return c * sizes.C_OUT * 9 - 3 * k;
#else
  return c * 9 + 3 * k;
#end
}

/// Writes a vector of channel t of a tile; `first` is the index of the vector in channel 0.
fn store(first: u32, t: u32, sum: V) {
  y[first + t * sizes.HEIGHT_OUT * sizes.ROW_OUT] = Stored(activation(sum));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let o = group.y * TILE_O;
  let chunk = group.z * batch.GROUPS_X + group.x;
  let end = min((chunk + 1) * batch.CHUNK, batch.POSITIONS);
#if BIAS
#for t in 0..TILE_O
  let bias$t = bias[min(o + $t, sizes.C_OUT - 1)];
#end
#end
  // The tile's weights of one (c,k): three columns of TILE_O channels, which the readers load between them.
  let own = reader();
#for r in 0..(3 * TILE_O + READERS - 1) / READERS
  let number$r = $(r * READERS) + own;
  let kernel$r = kernel_start(o + number$r / 3, number$r % 3);
#end
  for (var first = chunk * batch.CHUNK; first < end; first += WORKGROUP_SIZE * VECTORS) {
    let start = first + thread;
#for v in 0..VECTORS
    let position$v = min(start + $v * WORKGROUP_SIZE, batch.POSITIONS - 1);
    let j$v = position$v % sizes.ROW_OUT;
    let i$v = position$v / sizes.ROW_OUT % sizes.HEIGHT_OUT;
    let n$v = position$v / (sizes.ROW_OUT * sizes.HEIGHT_OUT);
#for t in 0..TILE_O
    var sum$(t)_$v = V();
#end
#end
    for (var ck = 0u; ck < 3 * sizes.C_IN; ck++) {
      let c = ck / 3;
      let k = ck % 3;
#for v in 0..VECTORS
      let row$v = taps((n$v * sizes.C_IN + c) * sizes.HEIGHT_IN * sizes.ROW_IN, STRIDE * i$v + k - 1, j$v);
#end
      let step = kernel_step(c, k);
#for r in 0..(3 * TILE_O + READERS - 1) / READERS
      let read$r = weight[kernel$r + step];
#end
#for t in 0..TILE_O
      let weights$t = KernelRow(
#for e in 3 * t..3 * t + 3
        read_by$(e % READERS)(read$(e / READERS)),
#end
      );
#for v in 0..VECTORS
      sum$(t)_$v = row_sum(weights$t, row$v, sum$(t)_$v);
#end
#end
    }
#if BIAS
    // At the end: beside a large bias, each product would be rounded.
#for t in 0..TILE_O
#for v in 0..VECTORS
    sum$(t)_$v += bias$t;
#end
#end
#end
#for v in 0..VECTORS
    if (start + $v * WORKGROUP_SIZE < end) {
      let at$v = ((n$v * sizes.C_OUT + o) * sizes.HEIGHT_OUT + i$v) * sizes.ROW_OUT + j$v;
#if ROLLED
      // One place that writes, for fast compilation (see pointwise/product.wgsl).
      for (var t = 0u; t < min(sizes.TILE, sizes.C_OUT - o); t++) {
        var sum = sum0_$v;
#for t in 1..TILE_O
        sum = select(sum, sum$(t)_$v, t == $t);
#end
        store(at$v, t, sum);
      }
#else
#for t in 0..TILE_O
#if OVERHANG
      if (o + $t < sizes.C_OUT) {
#else
      {
#end
        store(at$v, $t, sum$(t)_$v);
      }
#end
#end
#if WITH_MOMENTS
#for t in 0..TILE_O
      add_pixels$t(sum$(t)_$v);
#end
      count_vector();
#end
    }
#end
  }
#if WITH_MOMENTS
  write_moments(chunk, o, thread);
#end
}
