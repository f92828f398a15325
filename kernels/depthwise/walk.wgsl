// Depthwise 3×3 convolution, padding 1: each channel has its own kernel.
//
//   y[n,c,i,j] = Σ_{k,l} weight[c,k,l] · x[n,c, s·i+k−1, s·j+l−1]
//
// The backward pass to the input is, for stride 1, the same with the kernel FLIPPED (turned by 180°). A thread walks down
// a band of ROWS rows, a vector of pixels wide: each row of x is read once and added to all rows of y that it meets.
// Whoever includes this binds `weight`, says what the picture is (see taps.wgsl), and takes what is computed:
//   fn emit(i: u32, y: V)    vector i of the tensor y

#sizes C HEIGHT_OUT ROW_OUT ROWS BANDS

#include "../common/taps.wgsl"

/// The kernel's row k at channel c.
fn kernel_row(c: u32, k: u32) -> vec3f {
#if FLIPPED
  let at = c * 9 + 8 - 3 * k;
  return vec3f(weight[at], weight[at - 1], weight[at - 2]);
#else
  let at = c * 9 + 3 * k;
  return vec3f(weight[at], weight[at + 1], weight[at + 2]);
#end
}

/// Walks down one of channel c's bands, which are counted through all images.
fn walk(c: u32, band: u32) {
  let j = band % ROW_OUT;
  let channel = band / (ROW_OUT * BANDS) * C + c;
  let plane = channel * HEIGHT_IN * ROW_IN;
  // Rows of y are counted through all planes.
  let origin = channel * HEIGHT_OUT;
  let first = origin + band / ROW_OUT % BANDS * ROWS;
  let end = min(first + ROWS, origin + HEIGHT_OUT);
  let top = kernel_row(c, 0);
  let middle = kernel_row(c, 1);
  let bottom = kernel_row(c, 2);

#if STRIDE == 1
  // The row of x above row r of y ends row r−2, is the middle of row r−1 and begins row r.
  var half = V(); // of row r−1
  var begun = V(); // of row r
  for (var r = first; r < end + 2; r++) {
    let above = taps(plane, r - origin - 1, j);
    let done = row_sum(bottom, above, half);
    half = row_sum(middle, above, begun);
    begun = row_sum(top, above, V());
    if (r >= first + 2) {
      emit((r - 2) * ROW_OUT + j, done);
    }
  }
#else
  // The two rows of x above row r of y end row r−1, and the lower one begins row r.
  var begun = V();
  for (var r = first; r < end + 1; r++) {
    let even = taps(plane, 2 * (r - origin) - 2, j);
    let odd = taps(plane, 2 * (r - origin) - 1, j);
    let done = row_sum(bottom, odd, row_sum(middle, even, begun));
    begun = row_sum(top, odd, V());
    if (r > first) {
      emit((r - 1) * ROW_OUT + j, done);
    }
  }
#end
}
