// A sum of outer products over all positions (n,p), in partial sums (see common/launch.ts):
//
//   M[o,c] = Σ_{n,p} row[o] · column[c]
//
// A workgroup sums a tile of M, TILE_O rows by TILE_C columns, over one chunk of positions: every row that is loaded serves
// TILE_C products, every column TILE_O. The three files below divide this work among threads in different ways. The including
// file binds `partial` [chunks, CHUNK_SUMS] and defines the factors:
//   fn row(n: u32, o: u32, p: u32) -> V
//   fn column(n: u32, c: u32, p: u32, values: ColumnValues) -> V
//   fn column_values(c: u32) -> ColumnValues              what depends on the channel only, loaded once
// With EXTRA_ROWS, M has C_EXTRA more rows, EXTRA_ROWS of them in a tile:
//   fn extra_row(n: u32, i: u32, p: u32, values: ExtraValues) -> V
//   fn extra_values(i: u32) -> ExtraValues
// With VECTOR_SUMS there are as many extra rows as rows, and M is followed by Σ row·extra_row, Σ row and Σ column.

#batch POSITIONS CHUNK
#sizes CHUNK_SUMS C_IN C_OUT C_EXTRA PLANE_OUT

#if STEP > 1
#include "./outer_staged.wgsl"
#elif READERS > 1
#include "./outer_channels.wgsl"
#else
#include "./outer_pixels.wgsl"
#end

/// Writes an element of the sum of a chunk, unless it is in the part of a tile that is outside the matrix.
fn write_row(chunk: u32, o: u32, c: u32, sum: f32) {
  if (o < sizes.C_OUT && c < sizes.C_IN) {
    partial[chunk * sizes.CHUNK_SUMS + o * sizes.C_IN + c] = sum;
  }
}

#if EXTRA_ROWS > 0
fn write_extra(chunk: u32, i: u32, c: u32, sum: f32) {
  if (i < sizes.C_EXTRA && c < sizes.C_IN) {
    partial[chunk * sizes.CHUNK_SUMS + (sizes.C_OUT + i) * sizes.C_IN + c] = sum;
  }
}
#end

#if VECTOR_SUMS
/// Vector 0: Σ row·extra_row, vector 1: Σ row.
fn write_row_sum(chunk: u32, vector: u32, o: u32, sum: f32) {
  if (o < sizes.C_OUT) {
    partial[chunk * sizes.CHUNK_SUMS + 2 * sizes.C_OUT * sizes.C_IN + vector * sizes.C_OUT + o] = sum;
  }
}

fn write_column_sum(chunk: u32, c: u32, sum: f32) {
  if (c < sizes.C_IN) {
    partial[chunk * sizes.CHUNK_SUMS + 2 * sizes.C_OUT * sizes.C_IN + 2 * sizes.C_OUT + c] = sum;
  }
}
#end
