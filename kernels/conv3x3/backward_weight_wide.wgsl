// The weight's gradient of a 3×3 convolution between many channels, in partial sums, as a sum of outer products (see
// pointwise/outer.wgsl):
//
//   dweight[o,(c,k,l)] = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, s·i+k−1, s·j+l−1]
//
// The columns of the matrix are the C_IN = 9·CHANNELS weights (c,k,l) of an output channel; each multiplies x moved by k and
// l. A large tile of the matrix loads x and dy less often than backward_weight.wgsl, which keeps nine sums for each pair of
// channels in a thread.

#sizes CHANNELS HEIGHT_IN ROW_IN ROW_OUT

#include "../common/vector.wgsl"
#include "../common/taps.wgsl"
#include "../common/plain_pixels.wgsl"
#include "../pointwise/outer_of_dy.wgsl"

/// The place of a column in the weight of an output channel.
struct ColumnValues {
  c: u32,
  k: u32,
  l: u32,
}

fn column_values(c: u32) -> ColumnValues {
  return ColumnValues(c / 9, c % 9 / 3, c % 3);
}

fn column(n: u32, c: u32, p: u32, place: ColumnValues) -> V {
  let plane = (n * sizes.CHANNELS + place.c) * sizes.HEIGHT_IN * sizes.ROW_IN;
  let near = taps(plane, p / sizes.ROW_OUT * STRIDE + place.k - 1, p % sizes.ROW_OUT);
  return select(select(near.column0, near.column1, place.l == 1), near.column2, place.l == 2);
}

#include "../pointwise/outer.wgsl"
