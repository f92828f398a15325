// Depthwise convolution of a block, with bn1 and its activation applied where e is read:
//
//   d = weight ∗ act(bn1(e)), channel by channel (see depthwise/walk.wgsl)
//
// The workgroup first computes its channel's norm from e's moments, then takes CHUNK of the channel's bands and writes
// d's moments, which bn2 needs. So the normalised and activated e is never stored. The norm goes into row NORM1_ROW of
// `moments_out`, behind d's moments: the backward pass reads the norms of bn1 and bn2 from one tensor.

#batch NORM1_ROW

#include "../common/activation.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> moments: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> running: array<f32>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<Stored>;
@group(0) @binding(7) var<storage, read_write> moments_out: array<vec4f>;

#include "../batch_norm/batch_statistics.wgsl"
#include "./depthwise_chunk.wgsl"

var<private> norm: Norm;

fn pixels(i: u32) -> V {
  return activation(normalized(norm, V(x[i])));
}

fn neighbours(left: u32, right: u32) -> vec2f {
#if WIDTH == 4
  return activation(normalized(norm, V(f32(x[left].w), f32(x[right].x), 0.0, 0.0))).xy;
#else
  return vec2f(pixels(left), pixels(right));
#end
}
#if KERNEL == 5 && WIDTH == 4

fn far_neighbours(left: u32, right: u32) -> vec2f {
  return activation(normalized(norm, V(f32(x[left].z), f32(x[right].y), 0.0, 0.0))).xy;
}
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let stats = batch_moments(c, thread);
  norm = norm_of(c, stats);
  if (group.y == 0 && thread == 0) {
    moments_out[batch.NORM1_ROW * sizes.C + c] = vec4f(norm.mean, norm.invstd, norm.gamma, norm.beta);
    update_running(c, stats);
  }
  walk_chunk(c, group.y, thread);
}
