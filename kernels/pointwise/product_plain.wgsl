// product.wgsl where each thread loads the x that it needs: each vector of x serves TILE_O channels. The addresses of the
// matrix are the same for all threads of a workgroup, so each element is loaded once and serves all of their vectors.

#include "../common/readers.wgsl"

fn product_sums(o: u32, at: Pixels, thread: u32) -> Tile {
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
  return Tile(
#for t in 0..TILE_O
#for v in 0..VECTORS
    y$(t)_$v,
#end
#end
  );
}
