// Back through the depthwise convolution of stride 1 and the activation in front of it, in one pass over dz, d and e:
//
//   du = act′(u) · (weight ∗ᵀ dd), u = bn1(e)    dweight = Σ dd · act(u)    Σ du·x̂    Σ du
//
// The sums come in slabs of bands, for depthwise_merge.wgsl; a workgroup stays in one channel. A lane walks down a band of
// ROWS rows of e: each row of dd meets three rows of act(u).

#batch POSITIONS SLAB
#sizes C HEIGHT_OUT ROW_OUT ROWS BANDS

#include "./depthwise_gradient.wgsl"
#include "../common/taps.wgsl"

/// A vector of e on its way through the kernel's three rows.
struct Pixel {
  x_hat: V,
  value: V, // act(u)
  slope: V, // act′(u)
}

fn pixel(i: u32) -> Pixel {
  let x_hat = x_hat(channel.norm1, V(e[i]));
  let u = affine(channel.norm1, x_hat);
  return Pixel(x_hat, $(ACTIVATION)(u), $(ACTIVATION)_slope(u));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  channel = channels[c];
#for k in 0..9
  let w$k = weight[c * 9 + $k];
#end
  var top = vec3f();
  var middle = vec3f();
  var bottom = vec3f();
  var dgamma = 0.0;
  var dbeta = 0.0;
  let last = min((group.y + 1) * SLAB, POSITIONS);
  for (var band = group.y * SLAB + lane; band < last; band += LANES) {
    let j = band % ROW_OUT;
    let at_plane = band / (ROW_OUT * BANDS) * C + c;
    plane_of_d = planes[at_plane];
    let plane = at_plane * HEIGHT_OUT * ROW_OUT;
    // Rows are counted through all planes.
    let origin = at_plane * HEIGHT_OUT;
    let first = origin + band / ROW_OUT % BANDS * ROWS;
    let end = min(first + ROWS, origin + HEIGHT_OUT);
    // Row r of dd ends the sum of row r−1, is the middle of row r's and begins row r+1's; e is read one row ahead.
    var above = Pixel();
    var here = Pixel();
    var half = V(); // of row r
    var begun = V(); // of row r+1
    for (var r = first; r < end + 2; r++) {
      let near = taps(plane, r - origin - 1, j);
      var below = Pixel();
      if (r < end) {
        below = pixel(r * ROW_OUT + j);
      }
      let done = row_sum(vec3f(w2, w1, w0), near, half);
      half = row_sum(vec3f(w5, w4, w3), near, begun);
      begun = row_sum(vec3f(w8, w7, w6), near, V());
      bottom += row_dots(below.value, near);
      middle += row_dots(here.value, near);
      top += row_dots(above.value, near);
      if (r >= first + 2) {
        let gradient = above.slope * done;
        dx[(r - 2) * ROW_OUT + j] = Stored(gradient);
        dgamma = add_dot(gradient, above.x_hat, dgamma);
        dbeta += sum_of(gradient);
      }
      above = here;
      here = below;
    }
  }
  // A tap's left pixel is met by the kernel's right column.
#for l in 0..3
  put($l, top[$(2 - l)], lane);
  put($(3 + l), middle[$(2 - l)], lane);
  put($(6 + l), bottom[$(2 - l)], lane);
#end
  leave(group.y, c, dgamma, dbeta, lane);
}
