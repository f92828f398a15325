// Adds the CHUNKS rows of partial sums of the depthwise backward pass: the gradients of the weight (TAPS
// numbers of a channel) and of bn1 (2), and from the latter the coefficients of de (batch_norm/backward_norm.wgsl). A
// channel has TAPS threads for the weight and one for bn1.

#batch CHUNKS PIXELS
#sizes C

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/backward_norm.wgsl"
#include "./channel.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<f32>; // [chunks,C,TAPS + 2]
@group(0) @binding(1) var<storage, read> channels: array<Channel>;
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(5) var<storage, read_write> backward_norms: array<BackwardNorm>;

fn sum(c: u32, k: u32) -> f32 {
  var all = 0.0;
  for (var chunk = 0u; chunk < batch.CHUNKS; chunk++) {
    all += partial[(chunk * sizes.C + c) * (TAPS + 2) + k];
  }
  return all;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x / (TAPS + 1);
  let k = id.x % (TAPS + 1);
  if (c >= sizes.C) {
    return;
  }
  let mine = sum(c, k);
  if (k < TAPS) {
    dweight[c * TAPS + k] = mine;
  } else {
    let other = sum(c, TAPS + 1);
    dgamma[c] = mine;
    dbeta[c] = other;
    backward_norms[c] = backward_norm_of(channels[c].norm1, mine, other, f32(batch.PIXELS));
  }
}
