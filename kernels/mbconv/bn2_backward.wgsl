// Gradients of bn2, from sums over each plane that earlier kernels computed. With u = bn2(d), x̂ the normalised d and
// du = (dz·gate + per_pixel)·act′(u), where gate and per_pixel are constant in a plane:
//
//   dγ[c] = Σ_n (gate·Σ_p dz·act′·x̂ + per_pixel·Σ_p act′·x̂)      dβ[c] = Σ_n (gate·Σ_p dz·act′ + per_pixel·Σ_p act′)
//
// So no pass over dz and d is needed. It also collects all that the depthwise backward pass needs of a channel. One
// workgroup computes one channel. Without GATED, gate = 1 and per_pixel = 0; without EXPANDED there is no bn1.

#batch N PIXELS
#sizes C

#include "../common/vector.wgsl"
#include "../common/workgroup_sums.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/backward_norm.wgsl"
#include "./channel.wgsl"
#include "./plane.wgsl"

@group(0) @binding(0) var<storage, read> sums: array<f32>; // [N,C,3]: Σ dz·act, Σ dz·act′, Σ dz·act′·x̂
#if GATED
@group(0) @binding(1) var<storage, read> slope_sums: array<vec2f>; // [N,C]: Σ act′, Σ act′·x̂
@group(0) @binding(2) var<storage, read> planes: array<Plane>;
#end
#if EXPANDED
@group(0) @binding(3) var<storage, read> norms1: array<Norm>;
#end
@group(0) @binding(4) var<storage, read> norms2: array<Norm>;
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(7) var<storage, read_write> channels: array<Channel>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  var gamma = 0.0;
  var beta = 0.0;
  for (var n = thread; n < batch.N; n += WORKGROUP_SIZE) {
    let i = n * sizes.C + c;
#if GATED
    let plane = planes[i];
    gamma += plane.gate * sums[3 * i + 2] + plane.per_pixel * slope_sums[i].y;
    beta += plane.gate * sums[3 * i + 1] + plane.per_pixel * slope_sums[i].x;
#else
    gamma += sums[3 * i + 2];
    beta += sums[3 * i + 1];
#end
  }
  put_term(0, gamma, thread);
  put_term(1, beta, thread);
  workgroupBarrier();
  if (thread == 0) {
    dgamma[c] = sum_terms(0);
    dbeta[c] = sum_terms(1);
#if EXPANDED
    let norm1 = norms1[c];
#else
    let norm1 = Norm();
#end
    channels[c] = Channel(norm1, norms2[c], backward_norm_of(norms2[c], sum_terms(0), sum_terms(1), f32(batch.PIXELS)));
  }
}
