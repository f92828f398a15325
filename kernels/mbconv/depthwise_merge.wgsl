// Adds up the SLABS slabs of the depthwise backward pass: the weight's gradient, bn1's, and with these the way back
// through bn1. Ten threads a channel.

#batch SLABS PIXELS
#sizes C

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"
#include "./hidden.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<f32>; // [slabs,C,11]
@group(0) @binding(1) var<storage, read> channels: array<Hidden>;
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(5) var<storage, read_write> slopes: array<Slope>;

fn sum(c: u32, k: u32) -> f32 {
  var all = 0.0;
  for (var slab = 0u; slab < SLABS; slab++) {
    all += partial[(slab * C + c) * 11 + k];
  }
  return all;
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x / 10;
  let k = id.x % 10;
  if (c >= C) {
    return;
  }
  let mine = sum(c, k);
  if (k < 9) {
    dweight[c * 9 + k] = mine;
  } else {
    let other = sum(c, 10);
    dgamma[c] = mine;
    dbeta[c] = other;
    slopes[c] = slope_of(channels[c].norm1, mine, other, f32(PIXELS));
  }
}
