// y[n,k] = exp(x[n,k] − m) / Σ_k exp(x[n,k] − m) with m = max_k x[n,k], one row a workgroup

#if HALF
enable f16;
#end

#batch N GROUPS_X
#sizes K

#include "../common/workgroup_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<$DTYPE>;
@group(0) @binding(1) var<storage, read_write> y: array<$DTYPE>;

var<workgroup> highest: array<f32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.y * batch.GROUPS_X + group.x;
  if (n >= batch.N) {
    return;
  }
  let row = n * sizes.K;
  var m = f32(x[row + min(thread, sizes.K - 1)]);
  for (var k = thread + WORKGROUP_SIZE; k < sizes.K; k += WORKGROUP_SIZE) {
    m = max(m, f32(x[row + k]));
  }
  highest[thread] = m;
  workgroupBarrier();
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    m = max(m, highest[i]);
  }
  var exponentials = 0.0;
  for (var k = thread; k < sizes.K; k += WORKGROUP_SIZE) {
    exponentials += exp(f32(x[row + k]) - m);
  }
  put_term(0, exponentials, thread);
  workgroupBarrier();
  let sum = sum_terms(0);
  for (var k = thread; k < sizes.K; k += WORKGROUP_SIZE) {
    y[row + k] = $DTYPE(exp(f32(x[row + k]) - m) / sum);
  }
}
