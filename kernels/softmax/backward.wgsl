// dx[n,k] = y[n,k] · (dy[n,k] − Σ_k dy[n,k]·y[n,k]), one row a workgroup

#if HALF
enable f16;
#end

#batch N GROUPS_X
#sizes K

#include "../common/workgroup_sums.wgsl"

@group(0) @binding(0) var<storage, read> y: array<$DTYPE>;
@group(0) @binding(1) var<storage, read> dy: array<$DTYPE>;
@group(0) @binding(2) var<storage, read_write> dx: array<$DTYPE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.y * batch.GROUPS_X + group.x;
  if (n >= batch.N) {
    return;
  }
  let row = n * sizes.K;
  var sum = 0.0;
  for (var k = thread; k < sizes.K; k += WORKGROUP_SIZE) {
    sum += f32(dy[row + k]) * f32(y[row + k]);
  }
  put_term(0, sum, thread);
  workgroupBarrier();
  let mean = sum_terms(0);
  for (var k = thread; k < sizes.K; k += WORKGROUP_SIZE) {
    dx[row + k] = $DTYPE(f32(y[row + k]) * (f32(dy[row + k]) - mean));
  }
}
