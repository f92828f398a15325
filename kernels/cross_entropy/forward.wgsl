// Softmax cross-entropy of one row of logits a workgroup, against m = max_k x[k]:
//
//   loss = log Σ_k exp(x[k] − m) − (1 − ε) (x[t] − m) − ε/K Σ_k (x[k] − m)
//
// with t the row's target and ε the label SMOOTHING. The backward pass has the softmax from m and the logarithm.
// A row whose target is negative scores nothing.

#if HALF
enable f16;
#end

#batch N GROUPS_X
#sizes K

@group(0) @binding(0) var<storage, read> logits: array<$LOGIT>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read_write> rows: array<f32>; // loss; the score: loss without smoothing, 1 if right
@group(0) @binding(3) var<storage, read_write> normalizers: array<vec2f>; // m, log Σ exp(x − m)

var<workgroup> highest: array<f32, LANES>;
var<workgroup> sums: array<vec4f, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.y * GROUPS_X + group.x;
  if (n >= N) {
    return;
  }
  var m = f32(logits[n * K + min(lane, K - 1)]);
  for (var k = lane + LANES; k < K; k += LANES) {
    m = max(m, f32(logits[n * K + k]));
  }
  highest[lane] = m;
  workgroupBarrier();
  for (var i = 0u; i < LANES; i++) {
    m = max(m, highest[i]);
  }

  let right = targets[n];
  var exponentials = 0.0;
  var distances = 0.0;
  var distance_of_target = 0.0;
  var beaten = 0.0; // by an equal logit that comes first
  for (var k = lane; k < K; k += LANES) {
    let x = f32(logits[n * K + k]) - m;
    exponentials += exp(x);
    distances += x;
    if (i32(k) == right) {
      distance_of_target = x;
    } else if (i32(k) < right && x == 0.0) {
      beaten = 1.0;
    }
  }
  sums[lane] = vec4f(exponentials, distances, distance_of_target, beaten);
  workgroupBarrier();
  if (lane != 0) {
    return;
  }
  var sum = vec4f();
  for (var i = 0u; i < LANES; i++) {
    sum += sums[i];
  }
  let normalizer = log(sum.x);
  normalizers[n] = vec2f(m, normalizer);
  rows[3 * n] = normalizer - SMOOTHING / f32(K) * sum.y - (1.0 - SMOOTHING) * sum.z;
  rows[3 * n + 1] = select(0.0, normalizer - sum.z, right >= 0);
  rows[3 * n + 2] = f32(right >= 0 && sum.z == 0.0 && sum.w == 0.0);
}
