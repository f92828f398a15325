// The norm of a channel out of the moments that the kernel before left in PARTS rows of `moments`: [1 + PARTS, C, 4]. If
// SHARED, each of MERGERS neighbouring lanes reads some of the rows; software adapters pay more for the barriers that this
// takes. The kernel that includes this binds moments, gamma, beta and running: mean and, VARIANCE further, variance of each
// channel.
//   let batch = batch_moments(c, lane);   from all lanes, for neighbours the same channel
//   let norm = norm_of(c, batch);   and from one place for each channel:   move_running(c, batch);

#include "./moments.wgsl"
#include "./norm.wgsl"

#batch PARTS
#sizes C VARIANCE MERGERS

#if SHARED
var<workgroup> shares: array<vec3f, LANES>; // count, sum and squares
#end

fn batch_moments(c: u32, lane: u32) -> Moments {
#if SHARED
  let member = lane % MERGERS;
  let readers = MERGERS;
#else
  let member = 0u;
  let readers = 1u;
#end
  var all = Gathered(moments[C + c].y, 0.0, 0.0, 0.0);
  for (var row = 1 + member; row <= PARTS; row += readers) {
    let batch = moments[row * C + c];
    all = gather(all, Moments(batch.x, batch.y, batch.z));
  }
#if SHARED
  shares[lane] = vec3f(all.count, all.sum, all.squares);
  workgroupBarrier();
  // Eight lanes at most add up every eighth share, then every lane adds those.
  if (member < 8) {
    var eighth = vec3f();
    for (var other = member; other < MERGERS; other += 8) {
      eighth += shares[lane - member + other];
    }
    shares[lane] = eighth;
  }
  workgroupBarrier();
  var sum = vec3f();
  for (var other = 0u; other < min(MERGERS, 8); other++) {
    sum += shares[lane - member + other];
  }
  all = Gathered(all.origin, sum.x, sum.y, sum.z);
#end
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
