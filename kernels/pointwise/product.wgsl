// A tile of a pointwise (1×1) product: TILE_O output channels at VECTORS vectors of pixels, kept in registers.
//
//   Σ_c matrix[o,c] · x[n,c,p] (+ bias[o])
//
// The backward pass to the input is the same product with the matrix read TRANSPOSED. Matrix addresses depend only on the
// workgroup, so each element is read once for all lanes and serves all vectors. Whoever includes this binds `weight`
// (and `bias`, if BIAS) and says how x is read:
//   fn load(i: u32, c: u32, n: u32) -> V    at vector i of the tensor, which lies in channel c of image n

#sizes C_IN C_OUT PLANE_IN

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

fn product(o: u32, at: Pixels) -> Tile {
#for v in 0..VECTORS
  let first$v = at.n$v * C_IN * PLANE_IN + at.source$v;
#end
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
  for (var c = 0u; c < C_IN; c++) {
#for v in 0..VECTORS
    let x$v = load(first$v + c * PLANE_IN, c, at.n$v);
#end
#for t in 0..TILE_O
    let m$t = V(matrix(o + $t, c));
#for v in 0..VECTORS
    y$(t)_$v = fma(m$t, x$v, y$(t)_$v);
#end
#end
  }
  return Tile(
#for t in 0..TILE_O
#for v in 0..VECTORS
    y$(t)_$v,
#end
#end
  );
}
