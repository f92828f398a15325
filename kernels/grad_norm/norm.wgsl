// L2 norm of the gradient, from the partial sums of square_sum.wgsl, in one workgroup:
//
//   norm[0] = √ Σ_chunk partial[chunk]
//
// With GUARDED, the loss was multiplied by guard.scale. So the norm is divided by it, and norm[1] is the factor 1/scale for
// the gradient. If the gradient is not finite, norm[1] is 0: the optimizer changes nothing, and the step counts as skipped.
//
// With DYNAMIC the scale keeps small gradients representable in f16: it is halved after a skipped step and doubled after
// INTERVAL good steps in a row (PyTorch's GradScaler). Otherwise the scale is 1, and all steps after a skipped one are
// skipped too, so that the weights stay as they were before it: guard.good is the number of steps before.
//
// With KEEPS (and DYNAMIC) a skipped step also restores `values`, the running statistics that its forward pass changed:
//
//   kept = values   after a good step        values = kept   after a skipped one

#include "../common/workgroup_sums.wgsl"

#batch CHUNKS
#sizes VALUES

@group(0) @binding(0) var<storage, read> partial: array<u32>; // bits of f32
@group(0) @binding(1) var<storage, read_write> norm: array<f32>;
#if GUARDED
struct Guard {
  scale: f32,
  good: f32, // steps that were not skipped; with DYNAMIC, since the last change of the scale
  skipped: f32, // steps
}

@group(0) @binding(2) var<storage, read_write> guard: Guard;
#end
#if KEEPS
@group(0) @binding(3) var<storage, read_write> values: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> kept: array<vec4f>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  var not_finite = 0.0;
  for (var s = thread; s < batch.CHUNKS; s += WORKGROUP_SIZE) {
    sum += bitcast<f32>(partial[s]);
    // Tests the bits, not the f32: compilers may assume that no f32 is infinite or NaN.
    not_finite = select(not_finite, 1.0, (partial[s] & 0x7f800000u) == 0x7f800000u);
  }
  put_term(0, sum, thread);
  put_term(1, not_finite, thread);
  workgroupBarrier();
#if GUARDED
  var skip = sum_terms(1) > 0.0 || sum_terms(0) > 1e38; // close to overflow, if not beyond
#if KEEPS
  for (var i = thread; i < sizes.VALUES; i += WORKGROUP_SIZE) {
    if (skip) {
      values[i] = kept[i];
    } else {
      kept[i] = values[i];
    }
  }
#end
#end
  if (thread != 0) {
    return;
  }
#if GUARDED
  norm[0] = sqrt(sum_terms(0)) / guard.scale;
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
  norm[0] = sqrt(sum_terms(0));
#end
}
