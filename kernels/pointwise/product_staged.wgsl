// product.wgsl where the slices of a workgroup share what they load. In a step they put STEP input channels of their pixels
// and of the matrix into workgroup memory: each thread loads, normalises and activates LOADS channels, and every slice
// multiplies all of them. So a number of x is loaded and activated once for SLICES · TILE_O output channels.

/// Input channels of a step.
const STEP = SLICES * LOADS;
/// Vectors of four output channels in a slice. The matrix is staged in such vectors.
const FOURS = TILE_O / 4;

var<workgroup> staged_x: array<V, STEP * VECTORS * LANES>;
var<workgroup> staged_matrix: array<vec4f, SLICES * FOURS * STEP>;

fn product_sums(o: u32, at: Pixels, thread: u32) -> Tile {
  let lane = lane_of(thread);
  let slice = slice_of(thread);
  let first = o - slice * TILE_O;
  var tile = Tile();
#for s in 0..SOURCES
#for v in 0..VECTORS
  let first$(s)_$v = at.n$v * sizes.C_IN$s * sizes.PLANE_IN + at.source$v;
#end
  for (var start = 0u; start < sizes.C_IN$s; start += STEP) {
    workgroupBarrier(); // the products of the last step have been computed
#for l in 0..LOADS
    let c$l = start + $l * SLICES + slice;
#for v in 0..VECTORS
    var x$(l)_$v = V();
#end
    if (c$l < sizes.C_IN$s) {
#for v in 0..VECTORS
      x$(l)_$v = load$s(first$(s)_$v + c$l * sizes.PLANE_IN, c$l, at.n$v);
#end
    }
#for v in 0..VECTORS
    staged_x[(($l * SLICES + slice) * VECTORS + $v) * LANES + lane] = x$(l)_$v;
#end
#end
    for (var i = thread; i < SLICES * FOURS * STEP; i += WORKGROUP_SIZE) {
      let row = first + i / STEP * 4;
      let c = min(start + i % STEP, sizes.C_IN$s - 1) + $s * sizes.C_IN0;
      staged_matrix[i] = vec4f(matrix(row, c), matrix(row + 1, c), matrix(row + 2, c), matrix(row + 3, c));
    }
    workgroupBarrier();
    for (var k = 0u; k < STEP; k++) {
#for v in 0..VECTORS
      let x$v = staged_x[(k * VECTORS + $v) * LANES + lane];
#end
#for q in 0..TILE_O / 4
      let m$q = staged_matrix[(slice * FOURS + $q) * STEP + k];
#for t in 0..4
#for v in 0..VECTORS
      tile.y$(4 * q + t)_$v = fma(V(m$q[$t]), x$v, tile.y$(4 * q + t)_$v);
#end
#end
#end
    }
  }
#end
  return tile;
}
