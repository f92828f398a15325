// Adds up what forward.wgsl has of each row, by one workgroup in a fixed order:
//
//   loss = the rows' mean loss    totals += Σ loss without smoothing, number of right predictions

#include "../common/lane_sums.wgsl"

#batch N

@group(0) @binding(0) var<storage, read> rows: array<f32>;
#if LOSS
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
#end
#if TOTALS
@group(0) @binding(2) var<storage, read_write> totals: array<f32>;
#end

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
#for j in 0..SUMS
  var sum$j = 0.0;
#end
  for (var n = lane; n < N; n += LANES) {
#for j in 0..SUMS
    sum$j += rows[n * SUMS + $j];
#end
  }
#for j in 0..SUMS
  put($j, sum$j, lane);
#end
  workgroupBarrier();
  if (lane >= SUMS) {
    return;
  }
  let sum = total(lane);
#if LOSS
  if (lane == 0) {
    loss[0] = sum / f32(N);
  }
#end
#if TOTALS
  if (lane > 0) {
    totals[lane - 1] += sum;
  }
#end
}
