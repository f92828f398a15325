// Depthwise convolution of stride s with a KERNEL×KERNEL kernel (3 or 5) for each channel, padding p = ⌊KERNEL/2⌋:
//
//   y[n,c,i,j] = Σ_{k,l} weight[c,k,l] · x[n,c, s·i+k−p, s·j+l−p]
//
// For stride 1 the backward pass to the input is the same with the kernel FLIPPED (turned by 180°). A thread walks down a
// band of ROWS rows of y, WIDTH pixels wide. It loads each row of x once and adds it to all rows of y that it contributes
// to, whose sums it keeps in registers. reference.ts has the plain loops.
//
// The including file binds `weight`, defines how x is read (see taps.wgsl) and takes the results:
//   fn emit(i: u32, y: V)    vector i of the tensor y

#sizes C HEIGHT_OUT ROW_OUT ROWS BANDS

#include "../common/taps.wgsl"

/// Rows of y that have begun but need more rows of x.
const PENDING = (KERNEL - 1) / STRIDE;

/// Row k of channel c's kernel.
fn kernel_row(c: u32, k: u32) -> KernelRow {
#if FLIPPED
  let at = (c + 1) * KERNEL * KERNEL - 1 - KERNEL * k;
#else
  let at = c * KERNEL * KERNEL + KERNEL * k;
#end
  return KernelRow(
#for l in 0..KERNEL
#if FLIPPED
    weight[at - $l],
#else
    weight[at + $l],
#end
#end
  );
}

/// Computes one band of channel c; its bands are counted through all images.
fn walk(c: u32, band: u32) {
  let j = band % sizes.ROW_OUT;
  let channel = band / (sizes.ROW_OUT * sizes.BANDS) * sizes.C + c;
  let plane = channel * sizes.HEIGHT_IN * sizes.ROW_IN;
  // Rows of y are counted through all planes.
  let origin = channel * sizes.HEIGHT_OUT;
  let first = origin + band / sizes.ROW_OUT % sizes.BANDS * sizes.ROWS;
  let end = min(first + sizes.ROWS, origin + sizes.HEIGHT_OUT);
#for k in 0..KERNEL
  let kernel$k = kernel_row(c, $k);
#end

  // pending0 is the sum of row r − PENDING of y, pending1 of the row after, and so on. Step r loads STRIDE rows of x, the
  // last of which begins row r of y.
#for p in 0..(KERNEL - 1) / STRIDE
  var pending$p = V();
#end
  for (var r = first; r < end + PENDING; r++) {
#for s in 0..STRIDE
    let row$s = taps(plane, (r - origin) * STRIDE + $s - (KERNEL / 2 + STRIDE - 1), j);
#end
#for p in 0..(KERNEL - 1) / STRIDE
    var sum$p = pending$p;
#for s in 0..STRIDE
    sum$p = row_sum(kernel$(KERNEL - STRIDE * (p + 1) + s), row$s, sum$p);
#end
#end
#for p in 1..(KERNEL - 1) / STRIDE
    pending$(p - 1) = sum$p;
#end
    pending$((KERNEL - 1) / STRIDE - 1) = row_sum(kernel0, row$(STRIDE - 1), V());
    if (r >= first + PENDING) {
      emit((r - PENDING) * sizes.ROW_OUT + j, sum0);
    }
  }
}
