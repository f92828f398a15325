// norm[0] = √ Σ_s partial[s], one workgroup.
//
// With GUARDED, the loss was multiplied by a scale, so the norm is divided by it, and a gradient that is not finite
// spoils its step: norm[1], what gradients must be multiplied with, is then 0, and the step is counted as skipped.
//
// The scale is 1, and a spoiled step spoils all after it: the good steps are those before. With DYNAMIC the scale is what
// lets small gradients survive in f16: it is halved after a spoiled step and doubled after INTERVAL good ones in a row.
// PyTorch's GradScaler.

#include "../common/lane_sums.wgsl"

#batch SLABS

@group(0) @binding(0) var<storage, read> partial: array<u32>; // f32, as it lies in memory
@group(0) @binding(1) var<storage, read_write> norm: array<f32>;
#if GUARDED
struct Guard {
  scale: f32,
  good: f32, // steps; with DYNAMIC, since the last change
  skipped: f32,
}

@group(0) @binding(2) var<storage, read_write> guard: Guard;
#end

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  var spoiled = 0.0;
  for (var s = lane; s < SLABS; s += LANES) {
    sum += bitcast<f32>(partial[s]);
    // By bits that were never a number here: compilers may assume that no number is infinite or NaN.
    spoiled = select(spoiled, 1.0, (partial[s] & 0x7f800000u) == 0x7f800000u);
  }
  put(0, sum, lane);
  put(1, spoiled, lane);
  workgroupBarrier();
  if (lane != 0) {
    return;
  }
#if GUARDED
  let length = sqrt(total(0)) / guard.scale;
  norm[0] = length;
  var skip = total(1) > 0.0 || total(0) > 1e38; // soon too large for f32, if it is not already
#if !DYNAMIC
  skip = skip || guard.skipped > 0.0;
#end
  if (skip) {
    norm[1] = 0.0;
    guard.skipped += 1.0;
  } else {
    norm[1] = 1.0 / guard.scale;
    guard.good += 1.0;
  }
#if DYNAMIC
  if (skip) {
    guard.scale *= 0.5;
    guard.good = 0.0;
  } else if (guard.good == INTERVAL) {
    guard.scale *= 2.0;
    guard.good = 0.0;
  }
#end
#else
  norm[0] = sqrt(total(0));
#end
}
