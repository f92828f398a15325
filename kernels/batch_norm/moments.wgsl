// Moments: count, mean and Σ(x − mean)² of a set of numbers, and how moments of several sets are merged (Chan's rule):
//
//   Σ(x − o) and Σ(x − o)² of all sets about one origin o near their means; then mean = o + Σ(x − o)/count and
//   Σ(x − mean)² = Σ(x − o)² − (Σ(x − o))²/count
//
// Because o is near the means, no two large squares are ever subtracted, which would lose all digits in f32.

struct Moments {
  count: f32,
  mean: f32,
  squares: f32,
}

struct MomentSums {
  origin: f32,
  count: f32,
  sum: f32, // Σ (x − origin)
  squares: f32, // Σ (x − origin)²
}

/// sums + the numbers of one more set.
fn add_moments(sums: MomentSums, part: Moments) -> MomentSums {
  let d = part.mean - sums.origin;
  return MomentSums(
    sums.origin,
    sums.count + part.count,
    sums.sum + part.count * d,
    sums.squares + part.squares + part.count * d * d,
  );
}

/// The moments of all numbers that were added.
fn moments_of(all: MomentSums) -> Moments {
  let shift = all.sum / all.count;
  return Moments(all.count, all.origin + shift, all.squares - shift * all.sum);
}
