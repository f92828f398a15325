// A sum of outer products over (n,p), in slabs: each workgroup sums one tile of the matrix over one slab, TILE_O rows by
// TILE_C columns; a merge adds the slabs. Whoever includes this binds `partial` and says what is multiplied, of what kind V:
//   fn row(n: u32, o: u32, p: u32) -> V
//   fn column(n: u32, c: u32, p: u32, by: Column) -> V, with a Column of column_of(c), what is the same for all (n,p)
// With OTHERS, the matrix goes on with C_OTHER more rows, so many a tile:
//   fn other(n: u32, i: u32, p: u32, by: Other) -> V, with an Other of other_of(i)
// With SIDES, behind the matrix lie Σ row·other, Σ row and Σ column; then there are as many others as rows.

#batch POSITIONS SLAB
#sizes SLAB_SUMS C_IN C_OUT C_OTHER PLANE_OUT

#if READERS > 1
#include "./outer_channels.wgsl"
#else
#include "./outer_pixels.wgsl"
#end

/// Leaves what slab `slab` sums up for a row and a column, unless the tile hangs over there.
fn put_row(slab: u32, o: u32, c: u32, sum: f32) {
  if (o < C_OUT && c < C_IN) {
    partial[slab * SLAB_SUMS + o * C_IN + c] = sum;
  }
}

#if OTHERS > 0
fn put_other(slab: u32, i: u32, c: u32, sum: f32) {
  if (i < C_OTHER && c < C_IN) {
    partial[slab * SLAB_SUMS + (C_OUT + i) * C_IN + c] = sum;
  }
}
#end

#if SIDES
/// Side 0: Σ row·other, side 1: Σ row.
fn put_row_side(slab: u32, side: u32, o: u32, sum: f32) {
  if (o < C_OUT) {
    partial[slab * SLAB_SUMS + 2 * C_OUT * C_IN + side * C_OUT + o] = sum;
  }
}

fn put_column_side(slab: u32, c: u32, sum: f32) {
  if (c < C_IN) {
    partial[slab * SLAB_SUMS + 2 * C_OUT * C_IN + 2 * C_OUT + c] = sum;
  }
}
#end
