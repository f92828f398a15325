// norm[0] = √ Σ_s partial[s], one workgroup.

#include "../common/lane_sums.wgsl"

#sizes SLABS

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var s = lane; s < SLABS; s += LANES) {
    sum += partial[s];
  }
  put(0, sum, lane);
  workgroupBarrier();
  if (lane == 0) {
    norm[0] = sqrt(total(0));
  }
}
