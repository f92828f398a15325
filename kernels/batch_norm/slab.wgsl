// A channel's vectors of pixels, counted through all images, in slabs of SLAB.

fn slab_end(slab: u32) -> u32 {
  return min((slab + 1) * SLAB, N * PLANE);
}

/// Where channel c's k-th vector lies.
fn address(k: u32, c: u32) -> u32 {
  return (k / PLANE * C + c) * PLANE + k % PLANE;
}
