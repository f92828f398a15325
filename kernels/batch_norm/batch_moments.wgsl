// Moments of a channel of the whole batch.
//
//   let stats = batch_moments(c, thread);   in all threads; neighbouring threads that share a channel pass the same c
//
// `moments` [1 + MOMENT_ROWS, C, 4] holds a row for each chunk that the previous kernel summed, from row 1 on. The kernel
// that needs the moments merges these rows itself, which saves a dispatch. With SHARED_MERGE, THREADS_PER_CHANNEL
// neighbouring threads share the rows of a channel; on software adapters every thread reads all rows, because barriers
// cost more there. The including file binds `moments`.

#include "./moments.wgsl"

#batch MOMENT_ROWS
#sizes C THREADS_PER_CHANNEL

#if SHARED_MERGE
var<workgroup> partial_moments: array<vec3f, WORKGROUP_SIZE>; // count, sum and squares
#end

fn batch_moments(c: u32, thread: u32) -> Moments {
#if SHARED_MERGE
  let member = thread % sizes.THREADS_PER_CHANNEL;
  let readers = sizes.THREADS_PER_CHANNEL;
#else
  let member = 0u;
  let readers = 1u;
#end
  var all = MomentSums(moments[sizes.C + c].y, 0.0, 0.0, 0.0);
  for (var row = 1 + member; row <= batch.MOMENT_ROWS; row += readers) {
    let part = moments[row * sizes.C + c];
    all = add_moments(all, Moments(part.x, part.y, part.z));
  }
#if SHARED_MERGE
  partial_moments[thread] = vec3f(all.count, all.sum, all.squares);
  workgroupBarrier();
  // Two levels: at most eight threads add up every eighth sum, then every thread adds these.
  if (member < 8) {
    var eighth = vec3f();
    for (var other = member; other < sizes.THREADS_PER_CHANNEL; other += 8) {
      eighth += partial_moments[thread - member + other];
    }
    partial_moments[thread] = eighth;
  }
  workgroupBarrier();
  var sum = vec3f();
  for (var other = 0u; other < min(sizes.THREADS_PER_CHANNEL, 8); other++) {
    sum += partial_moments[thread - member + other];
  }
  all = MomentSums(all.origin, sum.x, sum.y, sum.z);
#end
  return moments_of(all);
}
