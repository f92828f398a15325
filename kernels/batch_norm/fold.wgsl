// The norm of a channel out of the moments that the kernel before left in PARTS rows of `moments`: [1 + PARTS, C, 4]. Of the
// rows, MERGERS neighbouring lanes take their shares. The kernel that includes this binds moments, gamma, beta and running:
// mean and, VARIANCE further, variance of each channel.
//   let batch = batch_moments(c, lane);   from all lanes, for neighbours the same channel
//   let norm = norm_of(c, batch);   and from one place for each channel:   move_running(c, batch);

#include "./moments.wgsl"
#include "./norm.wgsl"

#batch PARTS
#sizes C VARIANCE MERGERS

var<workgroup> shares: array<vec3f, LANES>; // count, sum and squares

fn batch_moments(c: u32, lane: u32) -> Moments {
  let member = lane % MERGERS;
  let origin = moments[C + c].y;
  var mine = Gathered(origin, 0.0, 0.0, 0.0);
  for (var row = 1 + member; row <= PARTS; row += MERGERS) {
    let batch = moments[row * C + c];
    mine = gather(mine, Moments(batch.x, batch.y, batch.z));
  }
  shares[lane] = vec3f(mine.count, mine.sum, mine.squares);
  workgroupBarrier();
#if LANES > 8
  // Of many shares, eight lanes add up every eighth first.
  if (member < 8) {
    var eighth = vec3f();
    for (var other = member; other < MERGERS; other += 8) {
      eighth += shares[lane - member + other];
    }
    shares[lane] = eighth;
  }
  workgroupBarrier();
#end
  var all = vec3f();
  for (var other = 0u; other < min(MERGERS, 8); other++) {
    all += shares[lane - member + other];
  }
  return moments_of(Gathered(origin, all.x, all.y, all.z));
}

fn norm_of(c: u32, batch: Moments) -> Norm {
  return Norm(batch.mean, inverseSqrt(batch.squares / batch.count + EPS), gamma[c], beta[c]);
}

/// Moves the running statistics towards the batch's; there the variance is the unbiased one.
fn move_running(c: u32, batch: Moments) {
  running[c] += MOMENTUM * (batch.mean - running[c]);
  running[VARIANCE + c] += MOMENTUM * (batch.squares / (batch.count - 1.0) - running[VARIANCE + c]);
}
