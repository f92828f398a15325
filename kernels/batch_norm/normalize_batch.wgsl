// Batch normalisation in training, from the moments of x:
//
//   y = act(γ·x̂ + β (+ skip)), x̂ = (x − mean) / √(variance + eps) with the mean and variance of the batch
//
// Each workgroup merges the moments of its channel first (see batch_statistics.wgsl) and then takes one chunk of the
// channel's pixels. With WITH_MOMENTS it also computes y's moments, so that the next normalisation needs no pass over y.

#include "../common/activation.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
#if SKIP
@group(0) @binding(5) var<storage, read> skip: array<Stored>;
#end
@group(0) @binding(6) var<storage, read_write> y: array<Stored>;
#if WITH_MOMENTS
@group(0) @binding(7) var<storage, read_write> moments_out: array<vec4f>;
#end

#include "./store_norm.wgsl"
#include "./chunk.wgsl"
#if WITH_MOMENTS
#include "./workgroup_moments.wgsl"
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let chunk = group.y;
  let stats = batch_moments(c, thread);
  let norm = norm_of(c, stats);
  if (chunk == 0 && thread == 0) {
    store_norm(c, norm, stats);
  }
  var k = chunk * batch.CHUNK + thread;
  var at = cursor(k, c);
  for (; k < chunk_end(chunk); k += WORKGROUP_SIZE) {
#if SKIP
    let v = activation(normalized(norm, V(x[at.i])) + V(skip[at.i]));
#else
    let v = activation(normalized(norm, V(x[at.i])));
#end
    y[at.i] = Stored(v);
#if WITH_MOMENTS
    add_pixels0(v);
    count_vector();
#end
    at = advance(at);
  }
#if WITH_MOMENTS
  write_moments(chunk, c, thread);
#end
}
