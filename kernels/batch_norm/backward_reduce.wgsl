// Partial sums of the gradients of γ and β over one chunk of channel c's pixels:
//
//   partial[chunk,c] = (Σ du·x̂, Σ du), where du = dy·act′(γ·x̂ + β (+ skip))
//
// With SKIP, du is also the gradient of skip and is written to `dskip`. A bias added to x has zero gradient, because the mean
// subtracts it (BIAS).

#include "../common/activation.wgsl"
#include "../common/workgroup_sums.wgsl"
#include "./norm.wgsl"
#include "./chunk.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec2f>;
#if SKIP
@group(0) @binding(4) var<storage, read> skip: array<Stored>;
@group(0) @binding(5) var<storage, read_write> dskip: array<Stored>;
#end
#if BIAS
@group(0) @binding(6) var<storage, read_write> dbias: array<f32>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let chunk = group.y;
  let end = chunk_end(chunk);
  let norm = norms[c];
  var dgamma = 0.0;
  var dbeta = 0.0;
  var k = chunk * batch.CHUNK + thread;
  var at = cursor(k, c);
  for (; k < end; k += WORKGROUP_SIZE) {
    let normal_x = x_hat(norm, V(x[at.i]));
#if SKIP
    let du = V(dy[at.i]) * activation_slope(affine(norm, normal_x) + V(skip[at.i]));
    dskip[at.i] = Stored(du);
#else
    let du = V(dy[at.i]) * activation_slope(affine(norm, normal_x));
#end
    dgamma = add_dot(du, normal_x, dgamma);
    dbeta += sum_of(du);
    at = advance(at);
  }
  put_term(0, dgamma, thread);
  put_term(1, dbeta, thread);
  workgroupBarrier();
  if (thread == 0) {
    partial[chunk * sizes.C + c] = vec2f(sum_terms(0), sum_terms(1));
#if BIAS
    if (chunk == 0) {
      dbias[c] = 0.0;
    }
#end
  }
}
