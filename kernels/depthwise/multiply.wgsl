// Depthwise convolution (see walk.wgsl) with bias and activation in the epilogue:
//
//   y = act(weight ∗ x (+ bias)), channel by channel
//
// A workgroup stays in one channel, so that the kernel has the same address for all its threads. WITH_MEANS, each thread
// also writes its part of the mean of y's plane.

#batch POSITIONS GROUPS_X

#include "../common/activation.wgsl"
#include "../common/plain_pixels.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
#if WITH_MEANS
@group(0) @binding(4) var<storage, read_write> means: array<f32>;
#end

#include "./walk.wgsl"

var<private> shift: f32;
var<private> total: V;

fn emit(i: u32, sum: V) {
  let v = activation(sum + shift);
  y[i] = Stored(v);
  total += v;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let band = (group.z * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (band < batch.POSITIONS) {
#if BIAS
    shift = bias[group.y];
#end
    walk(group.y, band);
#if WITH_MEANS
    // The plane of BANDS × ROW_OUT parts has the mean of y's plane.
    let vectors = sizes.BANDS * sizes.ROW_OUT;
    let plane = band / vectors * sizes.C + group.y;
    means[plane * vectors + band % vectors] = sum_of(total) * f32(sizes.BANDS) / f32(sizes.HEIGHT_OUT * WIDTH);
#end
  }
}
