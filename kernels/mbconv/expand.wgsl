// Expansion of a block, a pointwise product with bn0 applied where x is read:
//
//   e[n,o,p] = Σ_c weight[o,c] · bn0(x)[n,c,p]
//
// Each workgroup first computes the norms of all channels from x's moments (prepare), and writes e's moments, which bn1
// needs (forward.wgsl).

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<Stored>;
@group(0) @binding(7) var<storage, read_write> moments_out: array<vec4f>;

#include "../batch_norm/store_norm.wgsl"

var<workgroup> norms: array<Norm, CHANNELS>;

fn prepare(is_first: bool, thread: u32) {
  for (var first = 0u; first < sizes.C; first += WORKGROUP_SIZE / sizes.THREADS_PER_CHANNEL) {
    let c = first + thread / sizes.THREADS_PER_CHANNEL;
    let stats = batch_moments(min(c, sizes.C - 1), thread);
    if (c < sizes.C && thread % sizes.THREADS_PER_CHANNEL == 0) {
      let norm = norm_of(c, stats);
      norms[c] = norm;
      if (is_first) {
        store_norm(c, norm, stats);
      }
    }
  }
  workgroupBarrier();
}

fn load0(i: u32, c: u32, n: u32) -> V {
  return normalized(norms[c], V(x[i]));
}

#include "./forward.wgsl"
