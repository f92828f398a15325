// A tile of a pointwise (1×1) product: TILE_O output channels at VECTORS vectors of pixels, kept in registers.
//
//   Σ_c matrix[o,c] · x[n,c,p] (+ bias[o])
//
// The matrix lies in `weight` in either order, STEP_O from one output channel to the next and STEP_C from one of x's. Its
// addresses depend only on the workgroup, so each element is read once for all lanes and serves all vectors. Whoever
// includes this binds `weight` (and `bias`, if BIAS), calls `product` where control flow is the same for all lanes, says how
// x is read and takes what is computed:
//   fn load0(i: u32, c: u32, n: u32) -> V               at vector i of the tensor, which lies in channel c of image n
//   fn finish(o: u32, n: u32, p: u32, y: V)             channel o at vector p of image n
// x may be the channels of two SOURCES one behind the other: then load1 is the second one's.

#sizes C_IN0 C_IN1 C_OUT PLANE_IN TILE STEP_O STEP_C

#include "../common/readers.wgsl"

/// Where a thread's vectors lie: in image n, at vector `source` of each of its planes: n0, source0, n1 …
struct Pixels {
#for v in 0..VECTORS
  n$v: u32,
  source$v: u32,
#end
}

/// Each vector of each channel: y0_0, y0_1 … y1_0, y1_1 …
struct Tile {
#for t in 0..TILE_O
#for v in 0..VECTORS
  y$(t)_$v: V,
#end
#end
}

fn matrix(channel: u32, c: u32) -> f32 {
#if OVERHANG
  let o = min(channel, C_OUT - 1); // the last tile or its last readers hang over; what they sum there is not stored
#else
  let o = channel;
#end
  return weight[o * STEP_O + c * STEP_C];
}

fn product(o: u32, at: Pixels) -> Tile {
#for t in 0..TILE_O
#if BIAS
  let bias$t = V(bias[min(o + $t, C_OUT - 1)]);
#else
  let bias$t = V();
#end
#for v in 0..VECTORS
  var y$(t)_$v = bias$t;
#end
#end
  let row = o + reader();
#for s in 0..SOURCES
#for v in 0..VECTORS
  let first$(s)_$v = at.n$v * C_IN$s * PLANE_IN + at.source$v;
#end
  for (var c = 0u; c < C_IN$s; c++) {
#for v in 0..VECTORS
    let x$v = load$s(first$(s)_$v + c * PLANE_IN, c, at.n$v);
#end
#for r in 0..(TILE_O + READERS - 1) / READERS
    let read$r = matrix(row + $(r * READERS), c + $s * C_IN0);
#end
#for t in 0..TILE_O
    let m$t = V(read_by$(t % READERS)(read$(t / READERS)));
#for v in 0..VECTORS
    y$(t)_$v = fma(m$t, x$v, y$(t)_$v);
#end
#end
  }
#end
  return Tile(
#for t in 0..TILE_O
#for v in 0..VECTORS
    y$(t)_$v,
#end
#end
  );
}

/// Gives every channel of a tile to `finish`, at those of its vectors that are `inside`, channel o first and its vectors at
/// p0, p1 … of their images.
fn finish_tile(o: u32, tile: Tile, at: Pixels, p: array<u32, VECTORS>, inside: array<bool, VECTORS>) {
#for v in 0..VECTORS
  if (inside[$v]) {
#if ROLLED
    // The compilers of software adapters take long over every place that reads or writes memory: here is only one.
    for (var t = 0u; t < TILE; t++) {
      var y = tile.y0_$v;
#for t in 1..TILE_O
      y = select(y, tile.y$(t)_$v, t == $t);
#end
      if (o + t < C_OUT) {
        finish(o + t, at.n$v, p[$v], y);
      }
    }
#else
#for t in 0..TILE_O
#if OVERHANG
    if (o + $t < C_OUT) {
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
