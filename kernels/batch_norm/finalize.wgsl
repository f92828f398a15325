// Merges the slabs' moments of each channel into its norm, and moves the running statistics towards them (there the
// variance is the unbiased one). A workgroup takes CHANNELS channels, a lane one slab of one.

#include "../common/vector.wgsl"
#include "./moments.wgsl"
#include "./norm.wgsl"

#sizes C SLABS CHANNELS

@group(0) @binding(0) var<storage, read> partial: array<Moments>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> norms: array<Norm>;
@group(0) @binding(4) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> running_variance: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x * CHANNELS + lane / SLABS;
  let slab = lane % SLABS;
  let used = lane < CHANNELS * SLABS && c < C;
  if (used) {
    lane_moments[lane] = partial[slab * C + c];
  }
  workgroupBarrier();
  if (used && slab == 0) {
    let all = merged(lane, SLABS);
    norms[c] = Norm(all.mean, inverseSqrt(all.squares / all.count + EPS), gamma[c], beta[c]);
    running_mean[c] += MOMENTUM * (all.mean - running_mean[c]);
    running_variance[c] += MOMENTUM * (all.squares / (all.count - 1.0) - running_variance[c]);
  }
}
