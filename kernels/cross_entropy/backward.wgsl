// dlogits[n,k] = dloss / N · (softmax(x[n])[k] − (1 − ε)[k = t] − ε/K), with the softmax from the saved normalizers; with mixed
// or weighted targets (see forward.wgsl) dloss / N · (W·softmax(x[n])[k] − q[k])

#if HALF
enable f16;
#end

#batch N GROUPS_X
#sizes K

#include "./target.wgsl"

@group(0) @binding(0) var<storage, read> logits: array<$LOGIT>;
@group(0) @binding(2) var<storage, read> normalizers: array<$NORMALIZER>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<$LOGIT>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= batch.N * sizes.K) {
    return;
  }
  let n = i / sizes.K;
  let k = i % sizes.K;
  let saved = normalizers[n];
  let softmax = exp(f32(logits[i]) - saved.x - saved.y);
#if WEIGHTED
  let all = saved.z;
#else
  let all = 1.0;
#end
  let wanted = (1.0 - SMOOTHING) * hard_target(n, k) + SMOOTHING / f32(sizes.K) * weight_of(k);
  dlogits[i] = $LOGIT(checked(dloss[0] / f32(batch.N) * (all * softmax - wanted), targets[n]));
}
