// One channel's vectors of pixels, counted through all images, in slabs of SLAB: a lane visits every LANES-th of its slab.
//   var k = slab * SLAB + lane;   var at = cursor(k, c);
//   for (; k < slab_end(slab); k += LANES) { … x[at.i] …; at = advance(at); }

#batch N SLAB
#sizes C PLANE

struct Cursor {
  i: u32, // where the vector lies in the tensor
  p: u32, // and in its plane
}

fn slab_end(slab: u32) -> u32 {
  return min((slab + 1) * SLAB, N * PLANE);
}

fn cursor(k: u32, c: u32) -> Cursor {
  let p = k % PLANE;
  return Cursor((k / PLANE * C + c) * PLANE + p, p);
}

/// LANES vectors on, without dividing again.
fn advance(at: Cursor) -> Cursor {
  let p = at.p + LANES % PLANE;
  let i = at.i + LANES / PLANE * C * PLANE + LANES % PLANE;
  if (p < PLANE) {
    return Cursor(i, p);
  }
  return Cursor(i + (C - 1) * PLANE, p - PLANE);
}
