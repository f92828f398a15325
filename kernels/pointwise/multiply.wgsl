// Pointwise (1×1) convolution of stride s: at every pixel, a matrix times the vector of its channels (see product.wgsl).
//
//   y[n,o,p] = act(Σ_c weight[o,c] · (gate[n,c] ·) x[n,c,s·p] (+ bias[o]) (+ addend[n,o,p]))
//
// The backward pass to the input is the same with the transposed weight. A stride s then writes every s-th pixel of every
// s-th row and zeros between (TRANSPOSED).

#sizes WIDTH_IN WIDTH_OUT

#include "../common/activation.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
#if ADD
@group(0) @binding(3) var<storage, read> addend: array<Stored>;
#end
#if GATED
@group(0) @binding(4) var<storage, read> gate: array<f32>;
#end
@group(0) @binding(5) var<storage, read_write> y: array<Stored>;

fn load0(i: u32, c: u32, n: u32) -> V {
#if GATED
  return gate[n * sizes.C_IN0 + c] * V(x[i]);
#else
  return V(x[i]);
#end
}

fn finish(o: u32, n: u32, p: u32, sum: V) {
  let i = (n * sizes.C_OUT + o) * sizes.PLANE_OUT + p;
#if TRANSPOSED
  // The forward pass read only every STRIDE-th pixel of every STRIDE-th row: the others have no gradient.
  var value = select(V(), sum, p / sizes.WIDTH_OUT % STRIDE == 0 && p % sizes.WIDTH_OUT % STRIDE == 0);
#else
  var value = sum;
#end
#if ADD
  value += V(addend[i]);
#end
  y[i] = Stored(activation(value));
}

fn source_of(p: u32) -> u32 {
#if STRIDE == 1
  return p;
#elif TRANSPOSED
  return p / sizes.WIDTH_OUT / STRIDE * sizes.WIDTH_IN + p % sizes.WIDTH_OUT / STRIDE;
#else
  return p / sizes.WIDTH_OUT * STRIDE * sizes.WIDTH_IN + p % sizes.WIDTH_OUT * STRIDE;
#end
}

#include "./each.wgsl"
