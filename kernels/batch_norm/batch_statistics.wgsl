// Mean and variance of a channel from its moments, and what a training step does with them: the norm that normalises the
// channel, and the update of the running statistics.
//
//   let stats = batch_moments(c, thread);   see batch_moments.wgsl
//   let norm = norm_of(c, stats);
//   update_running(c, stats);               in one thread of the whole dispatch for each channel
//
// The including file binds `moments`, `gamma`, `beta` and `running`: the running mean of each channel and, VARIANCE elements
// later, its running variance.

#include "./batch_moments.wgsl"
#include "./norm.wgsl"

#sizes C VARIANCE

fn norm_of(c: u32, stats: Moments) -> Norm {
  return Norm(stats.mean, inverseSqrt(stats.squares / stats.count + EPS), gamma[c], beta[c]);
}

/// running += MOMENTUM · (batch − running), with the unbiased batch variance, as PyTorch does.
fn update_running(c: u32, stats: Moments) {
  running[c] += MOMENTUM * (stats.mean - running[c]);
  running[sizes.VARIANCE + c] += MOMENTUM * (stats.squares / (stats.count - 1.0) - running[sizes.VARIANCE + c]);
}
