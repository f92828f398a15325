// The pixels that a 3×3 kernel meets, zeros beyond the border. For WIDTH neighbouring outputs at once, a row of the
// picture (HEIGHT_IN rows of ROW_IN vectors) is read once and gives one vector for each of the kernel's three columns.
// Whoever includes this says what the picture is:
//   fn pixels(i: u32) -> V                    its vector i
//   fn neighbours(left: u32, right: u32) -> vec2f   the last pixel of one vector and the first of another

#sizes HEIGHT_IN ROW_IN

struct Taps {
  left: V,
  middle: V,
  right: V,
}

/// Row i of the plane that starts at `plane` (or a row above or below it), under vector j of an output row.
fn taps(plane: u32, i: u32, j: u32) -> Taps {
  let inside = i < HEIGHT_IN;
  let row = plane + min(i, HEIGHT_IN - 1) * ROW_IN;
  let at = row + j * STRIDE;
  let has_left = inside && j > 0;
  let left = at - u32(j > 0);
#if WIDTH == 4 && STRIDE == 1
  let has_right = inside && j < ROW_IN - 1;
  let sides = select(vec2f(), neighbours(left, at + u32(j < ROW_IN - 1)), vec2(has_left, has_right));
  let v = select(V(), pixels(at), inside);
  return Taps(V(sides.x, v.xyz), v, V(v.yzw, sides.y));
#elif WIDTH == 4
  let before = select(0.0, neighbours(left, at).x, has_left);
  let a = select(V(), pixels(at), inside);
  let b = select(V(), pixels(at + 1), inside);
  return Taps(V(before, a.yw, b.y), V(a.xz, b.xz), V(a.yw, b.yw));
#else
  let column = j * STRIDE;
  let has_right = inside && column < ROW_IN - 1;
  let right = at + u32(column < ROW_IN - 1);
  return Taps(
    select(0.0, pixels(left), has_left),
    select(0.0, pixels(at), inside),
    select(0.0, pixels(right), has_right),
  );
#end
}

/// sum + one row of a kernel over the pixels that it meets.
fn row_sum(kernel: vec3f, row: Taps, sum: V) -> V {
  return fma(V(kernel.x), row.left, fma(V(kernel.y), row.middle, fma(V(kernel.z), row.right, sum)));
}

/// A vector of dy times the pixels that each of a kernel row's three weights met.
fn row_dots(d: V, row: Taps) -> vec3f {
  return vec3f(dot_of(d, row.left), dot_of(d, row.middle), dot_of(d, row.right));
}
