// Back through the depthwise convolution of stride 2 and the activation in front of it, in one pass over dz, d and e: the
// same sums as depthwise_backward.wgsl. A thread takes one vector of dd at a time, with the two rows of two vectors of e
// that it meets (see common/spread.wgsl).

#batch POSITIONS SLAB
#sizes C

#include "./depthwise_gradient.wgsl"
#include "../common/spread.wgsl"

/// Pixels of e at even and odd columns of a row, normalised by bn1.
struct Columns {
  even: V,
  odd: V,
}

/// Vectors 2j and 2j+1 of a row; the last one stands for what lies beyond the border.
fn columns(row: u32, j: u32) -> Columns {
  let at = row * ROW_IN + 2 * j;
#if WIDTH == 4
  let a = x_hat(channel.norm1, V(e[at]));
  let b = x_hat(channel.norm1, V(e[at + 1]));
  return Columns(V(a.xz, b.xz), V(a.yw, b.yw));
#else
  return Columns(x_hat(channel.norm1, V(e[at])), x_hat(channel.norm1, V(e[at + u32(2 * j + 1 < ROW_IN)])));
#end
}

var<private> dgamma: f32;
var<private> dbeta: f32;

/// act(u) at a block of pixels, and their gradient in front of act, which is summed up; nothing outside the picture.
struct Met {
  value: V,
  du: V,
}

fn meet(x_hat: V, da: V, inside: bool) -> Met {
  let u = affine(channel.norm1, x_hat);
  let du = select(V(), da * $(ACTIVATION)_slope(u), inside);
  dgamma = add_dot(du, x_hat, dgamma);
  dbeta += sum_of(du);
  return Met(select(V(), $(ACTIVATION)(u), inside), du);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  channel = channels[c];
#for k in 0..9
  var dweight$k = 0.0;
#end
  let last = min((group.y + 1) * SLAB, POSITIONS);
  for (var position = group.y * SLAB + lane; position < last; position += LANES) {
    let j = position % ROW_OUT;
    let i = position / ROW_OUT % HEIGHT_OUT;
    let at_plane = position / (ROW_OUT * HEIGHT_OUT) * C + c;
    plane_of_d = planes[at_plane];
    let near = corner(at_plane * HEIGHT_OUT * ROW_OUT, i, j);
    let da = spread(near, c * 9, Block());
    let has_odd_row = 2 * i + 1 < HEIGHT_IN;
    let has_odd_column = WIDTH == 4 || 2 * j + 1 < ROW_IN;
    let row = at_plane * HEIGHT_IN + 2 * i;
    let even = columns(row, j);
    let odd = columns(row + u32(has_odd_row), j);
    let even_even = meet(even.even, da.even_even, true);
    let even_odd = meet(even.odd, da.even_odd, has_odd_column);
    let odd_even = meet(odd.even, da.odd_even, has_odd_row);
    let odd_odd = meet(odd.odd, da.odd_odd, has_odd_row && has_odd_column);
    store(at_plane * HEIGHT_IN * ROW_IN, i, j, Block(even_even.du, even_odd.du, odd_even.du, odd_odd.du));
    dweight0 += dot_of(near.below_right, odd_odd.value);
    dweight1 += dot_of(near.below, odd_even.value);
    dweight2 += dot_of(near.below, odd_odd.value);
    dweight3 += dot_of(near.right, even_odd.value);
    dweight4 += dot_of(near.here, even_even.value);
    dweight5 += dot_of(near.here, even_odd.value);
    dweight6 += dot_of(near.right, odd_odd.value);
    dweight7 += dot_of(near.here, odd_even.value);
    dweight8 += dot_of(near.here, odd_odd.value);
  }
#for k in 0..9
  put($k, dweight$k, lane);
#end
  leave(group.y, c, dgamma, dbeta, lane);
}
