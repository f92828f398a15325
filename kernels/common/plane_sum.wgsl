// TERMS sums over the pixels of each plane. THREADS_PER_PLANE threads take one plane, so that small planes share a
// workgroup.
//   let plane = plane_of(group, thread);   let result = plane_sums(plane, thread);
// The including file defines the terms:
//   fn terms(i: u32) -> array<V, TERMS>   at vector i of the whole tensor

#batch PLANES GROUPS_X
#sizes PLANE THREADS_PER_PLANE

struct PlaneSums {
  sums: array<f32, TERMS>,
  is_first: bool, // the one thread of each plane whose `sums` are complete
}

var<workgroup> sums_of_threads: array<f32, WORKGROUP_SIZE * TERMS>;

fn plane_of(group: vec3u, thread: u32) -> u32 {
  return (group.y * batch.GROUPS_X + group.x) * (WORKGROUP_SIZE / sizes.THREADS_PER_PLANE) + thread / sizes.THREADS_PER_PLANE;
}

fn plane_sums(plane: u32, thread: u32) -> PlaneSums {
  let member = thread % sizes.THREADS_PER_PLANE;
  var sums: array<f32, TERMS>;
  if (plane < batch.PLANES) {
    for (var i = plane * sizes.PLANE + member; i < (plane + 1) * sizes.PLANE; i += sizes.THREADS_PER_PLANE) {
      let values = terms(i);
#for t in 0..TERMS
      sums[$t] += sum_of(values[$t]);
#end
    }
  }
#for t in 0..TERMS
  sums_of_threads[thread * TERMS + $t] = sums[$t];
#end
  workgroupBarrier();
  if (member == 0) {
    for (var other = thread + 1; other < thread + sizes.THREADS_PER_PLANE; other++) {
#for t in 0..TERMS
      sums[$t] += sums_of_threads[other * TERMS + $t];
#end
    }
  }
  return PlaneSums(sums, member == 0 && plane < batch.PLANES);
}
