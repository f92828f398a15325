// The target of row n puts this on class k, weights included:
//
//   hard_target(n,k) = w[k]·(share·[k = t[n]] + (1 − share)·[k = t[N−1−n]])      share = 1 unless MIXED, w = 1 unless WEIGHTED
//
// MIXED is mixup, where picture n is a mixture of the pictures n and N−1−n (augment/mix.wgsl).

#include "./checked.wgsl"

@group(0) @binding(1) var<storage, read> targets: array<i32>;
#if MIXED
@group(0) @binding(5) var<storage, read> mix: array<f32>; // share of the first picture, at least 1/2
#end
#if WEIGHTED
@group(0) @binding(6) var<storage, read> weights: array<f32>; // [K]
#end

fn weight_of(k: u32) -> f32 {
#if WEIGHTED
  return weights[k];
#else
  return 1.0;
#end
}

fn hard_target(n: u32, k: u32) -> f32 {
#if MIXED
  let first = select(0.0, mix[0], i32(k) == targets[n]);
  return weight_of(k) * (first + select(0.0, 1.0 - mix[0], i32(k) == targets[batch.N - 1 - n]));
#else
  return select(0.0, weight_of(k), i32(k) == targets[n]);
#end
}
