// The norm of a channel out of the moments that the kernel before left in PARTS rows of `moments`: [1 + PARTS, C, 4]. The
// kernel that includes this binds moments, gamma, beta and running: mean and, VARIANCE further, variance of each channel.
//   let batch = batch_moments(c);   let norm = norm_of(c, batch);   and from one place for each channel:   move_running(c, batch);

#include "./moments.wgsl"
#include "./norm.wgsl"

#sizes C PARTS VARIANCE

fn batch_moments(c: u32) -> Moments {
  var all = Gathered(moments[C + c].y, 0.0, 0.0, 0.0);
  for (var row = 1u; row <= PARTS; row++) {
    let batch = moments[row * C + c];
    all = gather(all, Moments(batch.x, batch.y, batch.z));
  }
  return moments_of(all);
}

fn norm_of(c: u32, batch: Moments) -> Norm {
  return Norm(batch.mean, inverseSqrt(batch.squares / batch.count + EPS), gamma[c], beta[c]);
}

/// Moves the running statistics towards the batch's; there the variance is the unbiased one.
fn move_running(c: u32, batch: Moments) {
  running[c] += MOMENTUM * (batch.mean - running[c]);
  running[VARIANCE + c] += MOMENTUM * (batch.squares / (batch.count - 1.0) - running[VARIANCE + c]);
}
