// Count, mean and Σ(x − mean)² of some numbers, and of several such sets together. Sets are added up about an origin near
// all their means, so that no difference of large squares is ever taken (Chan's rule).

struct Moments {
  count: f32,
  mean: f32,
  squares: f32,
}

struct Gathered {
  origin: f32,
  count: f32,
  sum: f32, // Σ (x − origin)
  squares: f32, // Σ (x − origin)²
}

fn gather(so_far: Gathered, part: Moments) -> Gathered {
  let d = part.mean - so_far.origin;
  return Gathered(
    so_far.origin,
    so_far.count + part.count,
    so_far.sum + part.count * d,
    so_far.squares + part.squares + part.count * d * d,
  );
}

fn moments_of(all: Gathered) -> Moments {
  let shift = all.sum / all.count;
  return Moments(all.count, all.origin + shift, all.squares - shift * all.sum);
}
