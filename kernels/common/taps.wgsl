// The pixels under one row of a KERNEL×KERNEL convolution kernel, 3 or 5, with padding ⌊KERNEL/2⌋.
//
// A thread computes WIDTH neighbouring outputs. `taps` loads the row of the input below them once (its planes have HEIGHT_IN
// rows of ROW_IN vectors) and returns for each kernel column the WIDTH pixels that it multiplies, zeros beyond the border:
// each pixel that is loaded serves up to KERNEL outputs. The including file defines how the input is read:
//   fn pixels(i: u32) -> V                              vector i
//   fn neighbours(left: u32, right: u32) -> vec2f       the last pixel of vector `left` and the first of vector `right`
//   fn far_neighbours(left: u32, right: u32) -> vec2f   for KERNEL 5: the last but one of `left` and the second of `right`

#sizes HEIGHT_IN ROW_IN

/// The WIDTH pixels that each column of the kernel multiplies.
struct Taps {
#for l in 0..KERNEL
  column$l: V,
#end
}

/// The pixels of row i of the plane that starts at vector `plane`, below vector j of an output row. Rows above the plane are
/// numbers that wrapped around below 0.
fn taps(plane: u32, i: u32, j: u32) -> Taps {
  let inside = i < sizes.HEIGHT_IN;
  let row = plane + min(i, sizes.HEIGHT_IN - 1) * sizes.ROW_IN;
#if WIDTH == 4
  let at = row + j * STRIDE;
  let has_left = inside && j > 0;
  let left = at - u32(j > 0);
#if STRIDE == 1
  let has_right = inside && j < sizes.ROW_IN - 1;
  let right = at + u32(j < sizes.ROW_IN - 1);
  let near = select(vec2f(), neighbours(left, right), vec2(has_left, has_right));
  let v = select(V(), pixels(at), inside);
#if KERNEL == 3
  return Taps(V(near.x, v.xyz), v, V(v.yzw, near.y));
#else
  let far = select(vec2f(), far_neighbours(left, right), vec2(has_left, has_right));
  return Taps(V(far.x, near.x, v.xy), V(near.x, v.xyz), v, V(v.yzw, near.y), V(v.zw, near.y, far.y));
#end
#else
  let a = select(V(), pixels(at), inside);
  let b = select(V(), pixels(at + 1), inside);
#if KERNEL == 3
  let before = select(0.0, neighbours(left, at).x, has_left);
  return Taps(V(before, a.yw, b.y), V(a.xz, b.xz), V(a.yw, b.yw));
#else
  let has_right = at + 2 < row + sizes.ROW_IN;
  let near = select(vec2f(), neighbours(left, at + 1 + u32(has_right)), vec2(has_left, inside && has_right));
  let far = select(0.0, far_neighbours(left, at).x, has_left);
  return Taps(V(far, a.xz, b.x), V(near.x, a.yw, b.y), V(a.xz, b.xz), V(a.yw, b.yw), V(a.z, b.xz, near.y));
#end
#end
#else
#for l in 0..KERNEL
  let j$l = j * STRIDE + $l - KERNEL / 2;
#end
  return Taps(
#for l in 0..KERNEL
    select(0.0, pixels(row + min(j$l, sizes.ROW_IN - 1)), inside && j$l < sizes.ROW_IN),
#end
  );
#end
}

/// One value for each column of the kernel: a row of its weights, or of their gradients.
struct KernelRow {
#for l in 0..KERNEL
  column$l: f32,
#end
}

/// sum + one row of the kernel over the pixels below it.
fn row_sum(kernel: KernelRow, row: Taps, sum: V) -> V {
  var result = sum;
#for l in 0..KERNEL
  result = fma(V(kernel.column$(KERNEL - 1 - l)), row.column$(KERNEL - 1 - l), result);
#end
  return result;
}

/// sums + the gradient of one row of the kernel: dy · the pixels below each of its columns.
fn add_dots(dy: V, row: Taps, sums: KernelRow) -> KernelRow {
  return KernelRow(
#for l in 0..KERNEL
    sums.column$l + dot_of(dy, row.column$l),
#end
  );
}
