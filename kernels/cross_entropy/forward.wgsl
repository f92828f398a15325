// Softmax cross-entropy with label smoothing ε (SMOOTHING), one workgroup for each row x of logits, of target t:
//
//   loss = log Σ_k exp(x[k] − m) − (1 − ε) (x[t] − m) − ε/K Σ_k (x[k] − m),   m = max_k x[k]
//
// m and the logarithm are saved for backward, which computes the softmax from them. A target outside [0, K) makes the loss
// NaN, but a row with a negative target (padding) adds nothing to the score. With mixed or weighted targets (target.wgsl):
//
//   loss = W·log Σ_k exp(x[k] − m) − Σ_k q[k]·(x[k] − m),   q[k] = (1 − ε)·hard_target[k] + ε/K·w[k],   W = Σ_k q[k]

#if HALF
enable f16;
#end

#batch N GROUPS_X
#sizes K

#include "./target.wgsl"

@group(0) @binding(0) var<storage, read> logits: array<$LOGIT>;
@group(0) @binding(2) var<storage, read_write> rows: array<f32>; // loss; loss without smoothing; 1 if the prediction is right
@group(0) @binding(3) var<storage, read_write> normalizers: array<$NORMALIZER>; // m, log Σ exp(x − m) (, W)

var<workgroup> highest: array<f32, WORKGROUP_SIZE>;
var<workgroup> sums: array<vec4f, WORKGROUP_SIZE>;
#if WEIGHTED
var<workgroup> weight_sums: array<vec2f, WORKGROUP_SIZE>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let n = group.y * batch.GROUPS_X + group.x;
  if (n >= batch.N) {
    return;
  }
  var m = f32(logits[n * sizes.K + min(thread, sizes.K - 1)]);
  for (var k = thread + WORKGROUP_SIZE; k < sizes.K; k += WORKGROUP_SIZE) {
    m = max(m, f32(logits[n * sizes.K + k]));
  }
  highest[thread] = m;
  workgroupBarrier();
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    m = max(m, highest[i]);
  }

  let label = targets[n];
  var exponentials = 0.0;
  var distances = 0.0;
  var distance_of_target = 0.0;
  var is_beaten = 0.0; // by a larger logit, or an equal one that comes before the target
#if WEIGHTED
  var weight_sum = vec2f();
#end
  for (var k = thread; k < sizes.K; k += WORKGROUP_SIZE) {
    let x = f32(logits[n * sizes.K + k]) - m;
    exponentials += exp(x);
    distances += weight_of(k) * x;
#if MIXED || WEIGHTED
    distance_of_target += hard_target(n, k) * x;
#else
    if (i32(k) == label) {
      distance_of_target = x;
    }
#end
    if ((i32(k) == label && x != 0.0) || (i32(k) < label && x == 0.0)) {
      is_beaten = 1.0;
    }
#if WEIGHTED
    weight_sum += vec2f(hard_target(n, k), weight_of(k));
#end
  }
  sums[thread] = vec4f(exponentials, distances, distance_of_target, is_beaten);
#if WEIGHTED
  weight_sums[thread] = weight_sum;
#end
  workgroupBarrier();
  if (thread != 0) {
    return;
  }
  var sum = vec4f();
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    sum += sums[i];
  }
  let normalizer = log(sum.x);
#if WEIGHTED
  var total = vec2f();
  for (var i = 0u; i < WORKGROUP_SIZE; i++) {
    total += weight_sums[i];
  }
  let hard = total.x;
  let all = (1.0 - SMOOTHING) * hard + SMOOTHING / f32(sizes.K) * total.y;
  normalizers[n] = vec4f(m, normalizer, all, 0.0);
#else
  let hard = 1.0;
  let all = 1.0;
  normalizers[n] = vec2f(m, normalizer);
#end
  let smoothed = all * normalizer - SMOOTHING / f32(sizes.K) * sum.y - (1.0 - SMOOTHING) * sum.z;
  rows[3 * n] = checked(smoothed, label);
  rows[3 * n + 1] = select(0.0, checked(hard * normalizer - sum.z, label), label >= 0);
  rows[3 * n + 2] = f32(label >= 0 && sum.w == 0.0);
}
