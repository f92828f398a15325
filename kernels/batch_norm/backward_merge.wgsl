// γ's and β's gradients, Σ_slab partial[slab,c], and with them the way back to x: TRAINING through the batch's statistics,
// otherwise past fixed ones. A BIAS that was added to x has no gradient, as the mean takes it away again; one that was
// added behind has β's.

#batch SLABS PIXELS
#sizes C

#include "../common/vector.wgsl"
#include "./norm.wgsl"
#include "./slope.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<vec2f>;
@group(0) @binding(1) var<storage, read> norms: array<Norm>;
@group(0) @binding(2) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(3) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(4) var<storage, read_write> slopes: array<Slope>;
#if BIAS
@group(0) @binding(5) var<storage, read_write> dbias: array<f32>;
#end
#if BIAS_BEHIND
@group(0) @binding(6) var<storage, read_write> dbias_behind: array<f32>;
#end

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= C) {
    return;
  }
  var sum = vec2f();
  for (var slab = 0u; slab < SLABS; slab++) {
    sum += partial[slab * C + c];
  }
  dgamma[c] = sum.x;
  dbeta[c] = sum.y;
#if BIAS
  dbias[c] = 0.0;
#end
#if BIAS_BEHIND
  dbias_behind[c] = sum.y;
#end
#if TRAINING
  slopes[c] = slope_of(norms[c], sum.x, sum.y, f32(PIXELS));
#else
  slopes[c] = slope_of(norms[c], 0.0, 0.0, 1.0);
#end
}
