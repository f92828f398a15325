// y = act(weight ∗ x (+ bias)), channel by channel (see walk.wgsl). A workgroup stays in one channel, so its kernel is read
// once for all lanes. With LEAVE, each lane leaves its band's part in the mean of y's plane.

#batch POSITIONS GROUPS_X

#include "../common/activation.wgsl"
#include "../common/plain_pixels.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
#if LEAVE
@group(0) @binding(4) var<storage, read_write> left: array<f32>;
#end

#include "./walk.wgsl"

var<private> shift: f32;
var<private> total: V;

fn emit(i: u32, sum: V) {
  let v = $(ACTIVATION)(sum + shift);
  y[i] = Stored(v);
  total += v;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let band = (group.z * GROUPS_X + group.x) * LANES + lane;
  if (band < POSITIONS) {
#if BIAS
    shift = bias[group.y];
#end
    walk(group.y, band);
#if LEAVE
    // In a plane of BANDS × ROW_OUT, whose mean is that of y's plane.
    let plane = band / (BANDS * ROW_OUT) * C + group.y;
    left[plane * BANDS * ROW_OUT + band % (BANDS * ROW_OUT)] = sum_of(total) * f32(BANDS) / f32(HEIGHT_OUT * WIDTH);
#end
  }
}
