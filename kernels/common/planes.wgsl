// For kernels that take the vectors of pixels of many planes, each plane with values of its own (a channel's scale, a
// gate). Launched by `planewise`. Large planes get workgroups of their own, so that what depends on the plane is the
// same address for all lanes; small ones follow each other.

#batch COUNT GROUPS_X
#sizes C PLANE

struct Place {
  plane: u32, // n·C + c
  c: u32,
  i: u32, // the vector of pixels, counted through the whole tensor
  inside: bool,
}

fn place(group: vec3u, lane: u32) -> Place {
#if LARGE
  let plane = group.z * C + group.y;
  let p = group.x * LANES + lane;
  return Place(plane, group.y, plane * PLANE + p, p < PLANE);
#else
  let i = (group.y * GROUPS_X + group.x) * LANES + lane;
  let plane = i / PLANE;
  return Place(plane, plane % C, i, i < COUNT);
#end
}
