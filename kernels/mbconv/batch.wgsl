// bn2's gradients, summed over the batch from what is known of each plane, with du = (dz·gate + share)·act′(u):
//
//   dγ[c] = Σ_n gate·Σ_p dz·act′·x̂ + share·Σ_p act′·x̂      dβ[c] = Σ_n gate·Σ_p dz·act′ + share·Σ_p act′
//
// and all that the depthwise backward pass needs of a channel in one place. One workgroup a channel.

#batch N PIXELS
#sizes C

#include "../common/vector.wgsl"
#include "../common/lane_sums.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"
#include "./hidden.wgsl"
#include "./plane.wgsl"

@group(0) @binding(0) var<storage, read> sums: array<f32>; // [N,C,3]: dz·a, dz·act′, dz·act′·x̂
@group(0) @binding(1) var<storage, read> slopes: array<vec2f>; // [N,C]: act′, act′·x̂
@group(0) @binding(2) var<storage, read> planes: array<Plane>;
@group(0) @binding(3) var<storage, read> norms1: array<Norm>;
@group(0) @binding(4) var<storage, read> norms2: array<Norm>;
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(7) var<storage, read_write> channels: array<Hidden>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  var gamma = 0.0;
  var beta = 0.0;
  for (var n = lane; n < N; n += LANES) {
    let i = n * C + c;
    let plane = planes[i];
    gamma += plane.gate * sums[3 * i + 2] + plane.share * slopes[i].y;
    beta += plane.gate * sums[3 * i + 1] + plane.share * slopes[i].x;
  }
  put(0, gamma, lane);
  put(1, beta, lane);
  workgroupBarrier();
  if (lane == 0) {
    dgamma[c] = total(0);
    dbeta[c] = total(1);
    channels[c] = Hidden(norms1[c], norms2[c], slope_of(norms2[c], total(0), total(1), f32(PIXELS)));
  }
}
