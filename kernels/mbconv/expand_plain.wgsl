// Expansion of a block without bn0, a plain pointwise product:
//
//   e[n,o,p] = Σ_c weight[o,c] · x[n,c,p]
//
// It also writes e's moments, which bn1 needs (forward.wgsl), and into row 0 of x's moments, for the backward pass, a norm
// that centres x and changes nothing else: x̂ = x − mean(x), γ = 1, β = mean(x).

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> moments: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Stored>;
@group(0) @binding(4) var<storage, read_write> moments_out: array<vec4f>;

#include "../batch_norm/batch_moments.wgsl"

fn prepare(is_first: bool, thread: u32) {
  if (!is_first) {
    return;
  }
  for (var first = 0u; first < sizes.C; first += WORKGROUP_SIZE / sizes.THREADS_PER_CHANNEL) {
    let c = first + thread / sizes.THREADS_PER_CHANNEL;
    let stats = batch_moments(min(c, sizes.C - 1), thread);
    if (c < sizes.C && thread % sizes.THREADS_PER_CHANNEL == 0) {
      moments[c] = vec4f(stats.mean, 1.0, 1.0, stats.mean);
    }
  }
}

fn load0(i: u32, c: u32, n: u32) -> V {
  return V(x[i]);
}

#include "./forward.wgsl"
