// dlogits[n,k] = dloss / N · (softmax(x[n])[k] − (1 − ε)[k = t] − ε/K), the softmax from what the forward pass kept.

#if HALF
enable f16;
#end

#batch N GROUPS_X
#sizes K

@group(0) @binding(0) var<storage, read> logits: array<$LOGIT>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read> normalizers: array<vec2f>;
@group(0) @binding(3) var<storage, read> dloss: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<$LOGIT>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * GROUPS_X + group.x) * LANES + lane;
  if (i >= N * K) {
    return;
  }
  let n = i / K;
  let softmax = exp(f32(logits[i]) - normalizers[n].x - normalizers[n].y);
  let wanted = select(0.0, 1.0 - SMOOTHING, i32(i % K) == targets[n]) + SMOOTHING / f32(K);
  dlogits[i] = $LOGIT(dloss[0] / f32(N) * (softmax - wanted));
}
