// A KERNEL×KERNEL convolution (3 or 5) of stride 2, backward to its input: dx from dy.
//
//   dx[r,q] = Σ weight[k,l] · dy[i,j] over all k, l, i, j with 2i + k − p = r and 2j + l − p = q, where p = ⌊KERNEL/2⌋
//
// Row k of the kernel reaches only the rows r of the parity of k + p; likewise for columns. So a thread takes one vector
// of dy with its neighbours and computes two rows of two vectors of dx: every product counts, none is with a zero.
// The including file binds `weight` and `dx`, and defines how dy is read:
//   fn pixels(i: u32) -> V                          vector i
//   fn neighbours(left: u32, right: u32) -> vec2f   the last pixel of vector `left` and the first of vector `right`

#sizes HEIGHT_IN HEIGHT_OUT ROW_IN ROW_OUT

/// A vector of a row of dy, and the same moved one pixel to the left (KERNEL 5) and to the right.
struct NearRow {
#if KERNEL == 5
  column0: V,
#end
  column1: V,
  column2: V,
}

/// That in the vector's own row, and in the rows above (KERNEL 5) and below; zeros beyond the border.
struct Near {
#if KERNEL == 5
  row0: NearRow,
#end
  row1: NearRow,
  row2: NearRow,
}

/// The vectors of dx at even (0) and odd (1) rows and columns.
struct Block {
  dx0_0: V,
  dx0_1: V,
  dx1_0: V,
  dx1_1: V,
}

/// Vector j of a row of dy, which is vector `at` of the tensor.
fn near_row(at: u32, inside: bool, j: u32) -> NearRow {
  let has_left = j > 0;
  let has_right = j < sizes.ROW_OUT - 1;
  let v = select(V(), pixels(at), inside);
  let sides = select(
    vec2f(),
    neighbours(at - u32(has_left), at + u32(has_right)),
    vec2(inside && has_left, inside && has_right),
  );
  return NearRow(
#if WIDTH == 4
#if KERNEL == 5
    V(sides.x, v.xyz),
#end
    v,
    V(v.yzw, sides.y),
#else
#if KERNEL == 5
    sides.x,
#end
    v,
    sides.y,
#end
  );
}

/// Vector j of row i of the plane of dy that starts at `plane`.
fn near_dy(plane: u32, i: u32, j: u32) -> Near {
  let at = plane + i * sizes.ROW_OUT + j;
  let has_below = i < sizes.HEIGHT_OUT - 1;
  return Near(
#if KERNEL == 5
    near_row(at - u32(i > 0) * sizes.ROW_OUT, i > 0, j),
#end
    near_row(at, true, j),
    near_row(at + u32(has_below) * sizes.ROW_OUT, has_below, j),
  );
}

/// block + what dy contributes to it through the kernel that starts at weight[at].
fn spread(dy: Near, at: u32, block: Block) -> Block {
  var sum = block;
#for k in 0..KERNEL
#for l in 0..KERNEL
  sum.dx$((k + KERNEL / 2) % 2)_$((l + KERNEL / 2) % 2) = fma(
    V(weight[at + $(KERNEL * k + l)]),
    dy.row$((KERNEL / 2 + 3 - k) / 2).column$((KERNEL / 2 + 3 - l) / 2),
    sum.dx$((k + KERNEL / 2) % 2)_$((l + KERNEL / 2) % 2),
  );
#end
#end
  return sum;
}

/// Writes the block of vector j of row i of dy into the plane of dx that starts at `plane`.
fn store(plane: u32, i: u32, j: u32, block: Block) {
  let at = plane + 2 * i * sizes.ROW_IN + 2 * j;
  store_row(at, j, block.dx0_0, block.dx0_1);
  if (2 * i + 1 < sizes.HEIGHT_IN) {
    store_row(at + sizes.ROW_IN, j, block.dx1_0, block.dx1_1);
  }
}

fn store_row(at: u32, j: u32, even: V, odd: V) {
#if WIDTH == 4
  dx[at] = Stored(V(even.x, odd.x, even.y, odd.y));
  dx[at + 1] = Stored(V(even.z, odd.z, even.w, odd.w));
#else
  dx[at] = Stored(even);
  if (2 * j + 1 < sizes.ROW_IN) {
    dx[at + 1] = Stored(odd);
  }
#end
}
