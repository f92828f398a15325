// Indexing for elementwise kernels that need a value of each plane (a channel's scale, a gate) beside its pixels.
// Launched by `planewise`. Large planes get workgroups of their own (LARGE): the value's address is then the same for the
// whole workgroup. Otherwise the vectors of all planes follow each other.

#batch COUNT GROUPS_X
#sizes C PLANE

struct PlaneVector {
  plane: u32, // n·C + c
  c: u32,
  i: u32, // the vector of pixels, counted through the whole tensor
  inside: bool, // false in the threads that the last workgroup has too many
}

fn locate(group: vec3u, thread: u32) -> PlaneVector {
#if LARGE
  let plane = group.z * sizes.C + group.y;
  let p = group.x * WORKGROUP_SIZE + thread;
  return PlaneVector(plane, group.y, plane * sizes.PLANE + p, p < sizes.PLANE);
#else
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  let plane = i / sizes.PLANE;
  return PlaneVector(plane, plane % sizes.C, i, i < batch.COUNT);
#end
}
