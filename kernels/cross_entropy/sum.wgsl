// sum[j] = the mean of rows[n,j] over a batch, or their sum ADDED to what is there: one workgroup, in a fixed order.

#include "../common/lane_sums.wgsl"

#sizes N

@group(0) @binding(0) var<storage, read> rows: array<f32>;
@group(0) @binding(1) var<storage, read_write> sum: array<f32>;

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
  if (lane < SUMS) {
#if ADDED
    sum[lane] += total(lane);
#else
    sum[lane] = total(lane) / f32(N);
#end
  }
}
