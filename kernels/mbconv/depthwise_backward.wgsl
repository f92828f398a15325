// Backward through the depthwise convolution (stride 1, KERNEL×KERNEL) and the activation before it, in one pass over dz, d and e. With
// u = bn1(e), x̂ the normalised e and dd the gradient of d (depthwise_gradient.wgsl):
//
//   du = act′(u) · (weight ∗ᵀ dd)      dweight = Σ dd·act(u)      dγ = Σ du·x̂      dβ = Σ du
//
// A workgroup stays in one channel and writes one row of partial sums, which reduce/merge.wgsl adds. A thread walks
// down a band of ROWS rows: it reads each row of dd and e once and keeps the sums that are still incomplete in registers.
// The layers that test/nn/fused.test.ts compares with are the plain version.

#batch POSITIONS CHUNK
#sizes C HEIGHT_OUT ROW_OUT ROWS BANDS

#include "./depthwise_gradient.wgsl"
#include "../common/taps.wgsl"

/// A vector of e after bn1 and the activation. It is used for the KERNEL rows of dd that it touches.
struct Pixel {
  x_hat: V,
  value: V, // act(u)
  slope: V, // act′(u)
}

fn pixel(i: u32) -> Pixel {
#if EXPANDED
  let x_hat = x_hat(channel.norm1, V(e[i]));
  let u = affine(channel.norm1, x_hat);
  return Pixel(x_hat, activation(u), activation_slope(u));
#else
  return Pixel(V(), V(e[i]), V(1.0));
#end
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  prepare(c, group.y, thread);
  // The convolution is transposed: the kernel is turned by 180°, here each row by itself.
#for k in 0..KERNEL
  let kernel$k = KernelRow(
#for l in 0..KERNEL
    weight[c * KERNEL * KERNEL + $(KERNEL * k + KERNEL - 1 - l)],
#end
  );
  var dweight$k = KernelRow();
#end
  var dgamma = 0.0;
  var dbeta = 0.0;
  let last = min((group.y + 1) * batch.CHUNK, batch.POSITIONS);
  for (var band = group.y * batch.CHUNK + thread; band < last; band += WORKGROUP_SIZE) {
    let j = band % sizes.ROW_OUT;
    let at_plane = band / (sizes.ROW_OUT * sizes.BANDS) * sizes.C + c;
#if GATED
    plane_of_d = planes[at_plane];
#end
    let plane = at_plane * sizes.HEIGHT_OUT * sizes.ROW_OUT;
    // Rows are counted through all planes.
    let origin = at_plane * sizes.HEIGHT_OUT;
    let first = origin + band / sizes.ROW_OUT % sizes.BANDS * sizes.ROWS;
    let end = min(first + sizes.ROWS, origin + sizes.HEIGHT_OUT);
    // Step r loads row r of e and row r − ⌊KERNEL/2⌋ of dd, which completes the sum of row r − KERNEL + 1 of dx and begins
    // that of row r. rowA is row r − A of e; pendingA is the sum of row r − KERNEL + 2 + A of dx.
#for a in 1..KERNEL
    var row$a = Pixel();
#end
#for a in 0..KERNEL - 1
    var pending$a = V();
#end
    for (var r = first; r < end + KERNEL - 1; r++) {
      let near = taps(plane, r - origin - KERNEL / 2, j);
      var row0 = Pixel();
      if (r < end) {
        row0 = pixel(r * sizes.ROW_OUT + j);
      }
      let complete = row_sum(kernel0, near, pending0);
#for a in 1..KERNEL - 1
      pending$(a - 1) = row_sum(kernel$a, near, pending$a);
#end
      pending$(KERNEL - 2) = row_sum(kernel$(KERNEL - 1), near, V());
#for a in 0..KERNEL
      dweight$(KERNEL - 1 - a) = add_dots(row$a.value, near, dweight$(KERNEL - 1 - a));
#end
      if (r >= first + KERNEL - 1) {
        let gradient = row$(KERNEL - 1).slope * complete;
        dx[(r - (KERNEL - 1)) * sizes.ROW_OUT + j] = Stored(gradient);
        dgamma = add_dot(gradient, row$(KERNEL - 1).x_hat, dgamma);
        dbeta += sum_of(gradient);
      }
#for a in 1..KERNEL
      row$(KERNEL - a) = row$(KERNEL - a - 1);
#end
    }
  }
#for k in 0..KERNEL
#for l in 0..KERNEL
  put_term($(KERNEL * k + l), dweight$k.column$(KERNEL - 1 - l), thread);
#end
#end
  write_sums(group.y, c, dgamma, dbeta, thread);
}
