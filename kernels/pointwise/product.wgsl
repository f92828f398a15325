// A tile of a pointwise (1×1) product, in registers: TILE_O output channels at VECTORS vectors of pixels.
//
//   y[n,o,p] = Σ_c matrix[o,c] · x[n,c,p] (+ bias[o])
//
// With one slice (common/slices.wgsl) each thread loads the x that it needs (product_plain.wgsl). With several, which have the
// same pixels, x is loaded once for all of them (product_staged.wgsl): wide products gain by that.
//
// The matrix is stored in `weight` by rows or by columns, with strides STEP_O and STEP_C. The including file binds `weight`
// (and `bias`, if BIAS), calls `product` in uniform control flow, and defines
//   fn load0(i: u32, c: u32, n: u32) -> V          vector i of the tensor x, in channel c of image n
//   fn finish(o: u32, n: u32, p: u32, y: V)        takes channel o at vector p of image n
// x may be two tensors whose channels follow each other (SOURCES = 2): load1 reads the second. pointwise/reference.ts has
// the plain loops.

#sizes C_IN0 C_IN1 C_OUT PLANE_IN TILE STEP_O STEP_C

#include "../common/slices.wgsl"

/// The vectors of a thread: image n and vector `source` of each plane of x: n0, source0, n1 …
struct Pixels {
#for v in 0..VECTORS
  n$v: u32,
  source$v: u32,
#end
}

/// Each channel at each vector: y0_0, y0_1 … y1_0, y1_1 …
struct Tile {
#for t in 0..TILE_O
#for v in 0..VECTORS
  y$(t)_$v: V,
#end
#end
}

fn matrix(channel: u32, c: u32) -> f32 {
#if OVERHANG
  let o = min(channel, sizes.C_OUT - 1); // beyond the last channel, threads load it again; what they compute is not stored
#else
  let o = channel;
#end
  return weight[o * sizes.STEP_O + c * sizes.STEP_C];
}

#if SLICES > 1
#include "./product_staged.wgsl"
#else
#include "./product_plain.wgsl"
#end

/// The first output channel of a thread, where workgroup `group` of the channels computes SLICES · TILE_O of them.
fn first_channel(group: u32, thread: u32) -> u32 {
  return (group * SLICES + slice_of(thread)) * TILE_O;
}

/// The tile of a thread whose first channel is o.
fn product(o: u32, at: Pixels, thread: u32) -> Tile {
  var tile = product_sums(o, at, thread);
#if BIAS
  // At the end: beside a large bias, each product would be rounded.
#for t in 0..TILE_O
  let bias$t = bias[min(o + $t, sizes.C_OUT - 1)];
#for v in 0..VECTORS
  tile.y$(t)_$v += bias$t;
#end
#end
#end
  return tile;
}

/// Calls `finish` for each channel of a tile, from channel o, at those of its vectors that are `inside`: vectors p0, p1 … of
/// their images.
fn finish_tile(o: u32, tile: Tile, at: Pixels, p: array<u32, VECTORS>, inside: array<bool, VECTORS>) {
#for v in 0..VECTORS
  if (inside[$v]) {
#if ROLLED
    // The compilers of software adapters take long for every place that reads or writes memory: the loops have only one. Four
    // channels are selected from the tile at once, then one of these, which takes fewer selections than one of all.
    for (var first = 0u; first < sizes.TILE; first += 4) {
#for t in 0..4
      var part$t = V();
#for q in 0..(TILE_O + 3) / 4
#if 4 * q + t < TILE_O
      part$t = select(part$t, tile.y$(4 * q + t)_$v, first == $(4 * q));
#end
#end
#end
      for (var t = 0u; t < min(4, sizes.TILE - first); t++) {
        let y = select(select(part0, part1, t == 1), select(part2, part3, t == 3), t > 1);
        if (o + first + t < sizes.C_OUT) {
          finish(o + first + t, at.n$v, p[$v], y);
        }
      }
    }
#else
#for t in 0..TILE_O
#if OVERHANG
    if (o + $t < sizes.C_OUT) {
#else
    {
#end
      finish(o + $t, at.n$v, p[$v], tile.y$(t)_$v);
    }
#end
#end
  }
#end
}
