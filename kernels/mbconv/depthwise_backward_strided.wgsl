// Backward through the depthwise convolution (stride 2) and the activation before it, in one pass over dz, d and e: the
// same formulas as in depthwise_backward.wgsl. A thread takes one vector of dd at a time and computes the two rows of two
// vectors of e that only this vector and its neighbours touch (see common/spread.wgsl).

#batch POSITIONS CHUNK
#sizes C

#include "./depthwise_gradient.wgsl"
#include "../common/spread.wgsl"

/// e of the channel as the block is written with it: x̂ of bn1, or without EXPANDED e itself.
fn source(v: V) -> V {
#if EXPANDED
  return x_hat(channel.norm1, v);
#else
  return v;
#end
}

/// The source at the even and odd columns of a row of e.
struct Columns {
  even: V,
  odd: V,
}

/// Vectors 2j and 2j+1 of a row. A vector beyond the border is replaced by the last one; its result is masked later.
fn columns(row: u32, j: u32) -> Columns {
  let at = row * sizes.ROW_IN + 2 * j;
#if WIDTH == 4
  let a = source(V(e[at]));
  let b = source(V(e[at + 1]));
  return Columns(V(a.xz, b.xz), V(a.yw, b.yw));
#else
  return Columns(source(V(e[at])), source(V(e[at + u32(2 * j + 1 < sizes.ROW_IN)])));
#end
}

var<private> dgamma: f32;
var<private> dbeta: f32;

/// One vector of a block: act(u) and du, zero outside the image.
struct Activated {
  value: V,
  du: V,
}

/// Backward through the activation; adds to the gradients of bn1.
fn backward_activation(source: V, da: V, inside: bool) -> Activated {
#if EXPANDED
  let u = affine(channel.norm1, source);
  let du = select(V(), da * activation_slope(u), inside);
  dgamma = add_dot(du, source, dgamma);
  dbeta += sum_of(du);
  return Activated(select(V(), activation(u), inside), du);
#else
  return Activated(select(V(), source, inside), select(V(), da, inside));
#end
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  prepare(c, group.y, thread);
#for k in 0..KERNEL * KERNEL
  var dweight$k = 0.0;
#end
  let last = min((group.y + 1) * batch.CHUNK, batch.POSITIONS);
  for (var position = group.y * batch.CHUNK + thread; position < last; position += WORKGROUP_SIZE) {
    let j = position % sizes.ROW_OUT;
    let i = position / sizes.ROW_OUT % sizes.HEIGHT_OUT;
    let at_plane = position / (sizes.ROW_OUT * sizes.HEIGHT_OUT) * sizes.C + c;
#if GATED
    plane_of_d = planes[at_plane];
#end
    let near = near_dy(at_plane * sizes.HEIGHT_OUT * sizes.ROW_OUT, i, j);
    let da = spread(near, c * KERNEL * KERNEL, Block());
    let has_odd_row = 2 * i + 1 < sizes.HEIGHT_IN;
    let has_odd_column = WIDTH == 4 || 2 * j + 1 < sizes.ROW_IN;
    let row = at_plane * sizes.HEIGHT_IN + 2 * i;
    let even = columns(row, j);
    let odd = columns(row + u32(has_odd_row), j);
    let e0_0 = backward_activation(even.even, da.dx0_0, true);
    let e0_1 = backward_activation(even.odd, da.dx0_1, has_odd_column);
    let e1_0 = backward_activation(odd.even, da.dx1_0, has_odd_row);
    let e1_1 = backward_activation(odd.odd, da.dx1_1, has_odd_row && has_odd_column);
    store(at_plane * sizes.HEIGHT_IN * sizes.ROW_IN, i, j, Block(e0_0.du, e0_1.du, e1_0.du, e1_1.du));
    // Each weight meets the rows and columns of e of one parity, as in spread().
#for k in 0..KERNEL
#for l in 0..KERNEL
    dweight$(KERNEL * k + l) += dot_of(
      near.row$((KERNEL / 2 + 3 - k) / 2).column$((KERNEL / 2 + 3 - l) / 2),
      e$((k + KERNEL / 2) % 2)_$((l + KERNEL / 2) % 2).value,
    );
#end
#end
  }
#for k in 0..KERNEL * KERNEL
  put_term($k, dweight$k, thread);
#end
  write_sums(group.y, c, dgamma, dbeta, thread);
}
