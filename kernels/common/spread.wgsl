// A 3×3 convolution of stride 2, backward to its input: one vector of dy gives two rows of two vectors of dx. A pixel of
// dx meets the kernel's middle row if its own row is even, and the two outer ones if it is odd; likewise for columns.
// So every product counts, and none is with a zero. Whoever includes this binds `weight` and `dx`, and says what dy is:
//   fn pixels(i: u32) -> V                          its vector i
//   fn neighbours(left: u32, right: u32) -> vec2f   the last pixel of one vector and the first of another

#sizes HEIGHT_IN HEIGHT_OUT ROW_IN ROW_OUT

/// A vector of dy with its neighbours to the right and below; zeros beyond the border.
struct Corner {
  here: V,
  right: V,
  below: V,
  below_right: V,
}

/// dx at even and odd columns of an even and an odd row.
struct Block {
  even_even: V,
  even_odd: V,
  odd_even: V,
  odd_odd: V,
}

/// Vector j of row i of the plane of dy that starts at `plane`.
fn corner(plane: u32, i: u32, j: u32) -> Corner {
  let is_last_row = i == HEIGHT_OUT - 1;
  let is_last = j == ROW_OUT - 1;
  let at = plane + i * ROW_OUT + j;
  let under = at + u32(!is_last_row) * ROW_OUT;
  let v = pixels(at);
  let w = select(pixels(under), V(), is_last_row);
  let next = select(neighbours(at, at + u32(!is_last)).y, 0.0, is_last);
  let next_under = select(neighbours(under, under + u32(!is_last)).y, 0.0, is_last || is_last_row);
#if WIDTH == 4
  return Corner(v, V(v.yzw, next), w, V(w.yzw, next_under));
#else
  return Corner(v, next, w, next_under);
#end
}

/// Adds to a block of dx what dy gives through the kernel that starts at weight[at].
fn spread(near: Corner, at: u32, block: Block) -> Block {
#for k in 0..9
  let w$k = V(weight[at + $k]);
#end
  return Block(
    fma(w4, near.here, block.even_even),
    fma(w5, near.here, fma(w3, near.right, block.even_odd)),
    fma(w7, near.here, fma(w1, near.below, block.odd_even)),
    fma(w8, near.here, fma(w6, near.right, fma(w2, near.below, fma(w0, near.below_right, block.odd_odd)))),
  );
}

/// Writes the block into the plane of dx that starts at `plane`.
fn store(plane: u32, i: u32, j: u32, block: Block) {
  let at = plane + 2 * i * ROW_IN + 2 * j;
  store_row(at, j, block.even_even, block.even_odd);
  if (2 * i + 1 < HEIGHT_IN) {
    store_row(at + ROW_IN, j, block.odd_even, block.odd_odd);
  }
}

fn store_row(at: u32, j: u32, even: V, odd: V) {
#if WIDTH == 4
  dx[at] = Stored(V(even.x, odd.x, even.y, odd.y));
  dx[at + 1] = Stored(V(even.z, odd.z, even.w, odd.w));
#else
  dx[at] = Stored(even);
  if (2 * j + 1 < ROW_IN) {
    dx[at + 1] = Stored(odd);
  }
#end
}
