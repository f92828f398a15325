// norm[0] = √ Σ_s partial[s], one workgroup.
//
// With SCALED, the loss was multiplied by a scale so that small gradients survive in f16, and so the norm is divided by
// it. A gradient that is not finite spoils its step: norm[1], what gradients must be multiplied with, is then 0, the
// scale is halved, and the step counted as skipped. After INTERVAL good steps in a row the scale is doubled. PyTorch's
// GradScaler.

#include "../common/lane_sums.wgsl"

#sizes SLABS

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> norm: array<f32>;
#if SCALED
struct LossScale {
  scale: f32,
  good: f32, // steps since the last change
  skipped: f32,
}

@group(0) @binding(2) var<storage, read_write> loss_scale: LossScale;
#end

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var s = lane; s < SLABS; s += LANES) {
    sum += partial[s];
  }
  put(0, sum, lane);
  workgroupBarrier();
  if (lane != 0) {
    return;
  }
#if SCALED
  let length = sqrt(total(0)) / loss_scale.scale;
  norm[0] = length;
  // By its bits: compilers may assume that there is no infinity and no NaN.
  if ((bitcast<u32>(length) & 0x7f800000u) == 0x7f800000u) {
    norm[1] = 0.0;
    loss_scale.scale *= 0.5;
    loss_scale.good = 0.0;
    loss_scale.skipped += 1.0;
  } else {
    norm[1] = 1.0 / loss_scale.scale;
    loss_scale.good += 1.0;
    if (loss_scale.good == INTERVAL) {
      loss_scale.scale *= 2.0;
      loss_scale.good = 0.0;
    }
  }
#else
  norm[0] = sqrt(total(0));
#end
}
