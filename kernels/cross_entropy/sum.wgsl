// Adds up the rows of forward.wgsl, in one workgroup and always in the same order:
//
//   loss = mean of the rows' losses    totals += Σ loss without smoothing, number of right predictions

#include "../common/workgroup_sums.wgsl"

#batch N

@group(0) @binding(0) var<storage, read> rows: array<f32>;
#if LOSS
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
#end
#if TOTALS
@group(0) @binding(2) var<storage, read_write> totals: array<f32>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) thread: u32) {
#for j in 0..SUMS
  var sum$j = 0.0;
#end
  for (var n = thread; n < batch.N; n += WORKGROUP_SIZE) {
#for j in 0..SUMS
    sum$j += rows[n * SUMS + $j];
#end
  }
#for j in 0..SUMS
  put_term($j, sum$j, thread);
#end
  workgroupBarrier();
  if (thread >= SUMS) {
    return;
  }
  let sum = sum_terms(thread);
#if LOSS
  if (thread == 0) {
    loss[0] = sum / f32(batch.N);
  }
#end
#if TOTALS
  if (thread > 0) {
    totals[thread - 1] += sum;
  }
#end
}
