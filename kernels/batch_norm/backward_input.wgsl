// Backward of y = act(γ·x̂ + β), after backward_reduce.wgsl has summed over chunks of pixels (SUMMED):
//
//   dγ[c] = Σ_chunk partial[chunk,c].x      dβ[c] = Σ_chunk partial[chunk,c].y
//   dx = dy_scale·du + x_scale·(x − mean) + offset, where du = dy·act′(γ·x̂ + β)
//
// Each workgroup adds the sums of its channel, which gives the four coefficients of dx (backward_norm.wgsl), and then takes
// one chunk of the channel's pixels. With TRAINING, dx passes through the batch statistics; otherwise mean and variance are
// constants. A bias added to the normalised value has β's gradient (BIAS_AFTER).

#batch CHUNKS PIXELS

#include "../common/activation.wgsl"
#include "./norm.wgsl"
#include "./backward_norm.wgsl"
#include "./chunk.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>;
@group(0) @binding(3) var<storage, read_write> dx: array<Stored>;
#if SUMMED
#include "../common/workgroup_sums.wgsl"

@group(0) @binding(4) var<storage, read> partial: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>;
#if BIAS_AFTER
@group(0) @binding(7) var<storage, read_write> dbias_after: array<f32>;
#end

/// dγ and dβ of channel c. The first chunk's workgroup stores them.
fn parameter_gradients(c: u32, chunk: u32, thread: u32) -> vec2f {
  var some = vec2f();
  for (var row = thread; row < batch.CHUNKS; row += WORKGROUP_SIZE) {
    some += partial[row * sizes.C + c];
  }
  put_term(0, some.x, thread);
  put_term(1, some.y, thread);
  workgroupBarrier();
  let sum = vec2f(sum_terms(0), sum_terms(1));
  if (chunk == 0 && thread == 0) {
    dgamma[c] = sum.x;
    dbeta[c] = sum.y;
#if BIAS_AFTER
    dbias_after[c] = sum.y;
#end
  }
  return sum;
}
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let chunk = group.y;
  let norm = norms[c];
#if SUMMED
  let sum = parameter_gradients(c, chunk, thread);
#end
#if TRAINING
  let by = backward_norm_of(norm, sum.x, sum.y, f32(batch.PIXELS));
#else
  let by = backward_norm_of(norm, 0.0, 0.0, 1.0);
#end
  var k = chunk * batch.CHUNK + thread;
  var at = cursor(k, c);
  for (; k < chunk_end(chunk); k += WORKGROUP_SIZE) {
    let v = V(x[at.i]);
#if ACTIVATION != 'none'
    let du = V(dy[at.i]) * activation_slope(normalized(norm, v));
#else
    let du = V(dy[at.i]);
#end
    dx[at.i] = Stored(input_gradient(by, du, v));
    at = advance(at);
  }
}
