// Adds up SUMS values over the threads of a workgroup, always in the same order, with one barrier:
//   put_term(i, value, thread) for each i < SUMS;   workgroupBarrier();   then sum_terms(i), in any thread.
// Threads that put terms, and threads that each compute another sum, access different banks of workgroup memory.

var<workgroup> terms_of_threads: array<f32, WORKGROUP_SIZE * SUMS>;

fn put_term(i: u32, value: f32, thread: u32) {
  terms_of_threads[i * WORKGROUP_SIZE + thread] = value;
}

fn sum_terms(i: u32) -> f32 {
  var sum = 0.0;
  for (var thread = 0u; thread < WORKGROUP_SIZE; thread++) {
    sum += terms_of_threads[i * WORKGROUP_SIZE + (thread + i) % WORKGROUP_SIZE];
  }
  return sum;
}
