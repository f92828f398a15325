// A tile of a pointwise (1×1) product, in registers: TILE_O output channels at VECTORS vectors of pixels.
//
//   y[n,o,p] = Σ_c matrix[o,c] · x[n,c,p] (+ bias[o])
//
// The matrix is stored in `weight` by rows or by columns, with strides STEP_O and STEP_C. Its addresses are the same for all
// threads of a workgroup, so each element is loaded once and serves all of their vectors; each vector of x serves TILE_O
// channels. The including file binds `weight` (and `bias`, if BIAS), calls `product` in uniform control flow, and defines
//   fn load0(i: u32, c: u32, n: u32) -> V          vector i of the tensor x, in channel c of image n
//   fn finish(o: u32, n: u32, p: u32, y: V)        takes channel o at vector p of image n
// x may be two tensors whose channels follow each other (SOURCES = 2): load1 reads the second. pointwise/reference.ts has
// the plain loops.

#sizes C_IN0 C_IN1 C_OUT PLANE_IN TILE STEP_O STEP_C

#include "../common/readers.wgsl"

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

fn product(o: u32, at: Pixels) -> Tile {
#for t in 0..TILE_O
#for v in 0..VECTORS
  var y$(t)_$v = V();
#end
#end
  let row = o + reader();
#for s in 0..SOURCES
#for v in 0..VECTORS
  let first$(s)_$v = at.n$v * sizes.C_IN$s * sizes.PLANE_IN + at.source$v;
#end
  for (var c = 0u; c < sizes.C_IN$s; c++) {
#for v in 0..VECTORS
    let x$v = load$s(first$(s)_$v + c * sizes.PLANE_IN, c, at.n$v);
#end
#for r in 0..(TILE_O + READERS - 1) / READERS
    let read$r = matrix(row + $(r * READERS), c + $s * sizes.C_IN0);
#end
#for t in 0..TILE_O
    let m$t = V(read_by$(t % READERS)(read$(t / READERS)));
#for v in 0..VECTORS
    y$(t)_$v = fma(m$t, x$v, y$(t)_$v);
#end
#end
  }
#end
#if BIAS
  // At the end: beside a large bias, each product would be rounded.
#for t in 0..TILE_O
  let bias$t = bias[min(o + $t, sizes.C_OUT - 1)];
#for v in 0..VECTORS
  y$(t)_$v += bias$t;
#end
#end
#end
  return Tile(
#for t in 0..TILE_O
#for v in 0..VECTORS
    y$(t)_$v,
#end
#end
  );
}

/// Calls `finish` for each channel of a tile, from channel o, at those of its vectors that are `inside`: vectors p0, p1 … of
/// their images.
fn finish_tile(o: u32, tile: Tile, at: Pixels, p: array<u32, VECTORS>, inside: array<bool, VECTORS>) {
#for v in 0..VECTORS
  if (inside[$v]) {
#if ROLLED
    // The compilers of software adapters take long for every place that reads or writes memory: the loop has only one.
    for (var t = 0u; t < sizes.TILE; t++) {
      var y = tile.y0_$v;
#for t in 1..TILE_O
      y = select(y, tile.y$(t)_$v, t == $t);
#end
      if (o + t < sizes.C_OUT) {
        finish(o + t, at.n$v, p[$v], y);
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
