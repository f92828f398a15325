// Count, mean and Σ(x − mean)² of some numbers, and of several such sets together (Chan's rule: no difference of
// large squares anywhere).

struct Moments {
  count: f32,
  mean: f32,
  squares: f32,
}

var<workgroup> lane_moments: array<Moments, LANES>;

/// The moments of `lanes` lanes' numbers together, once each has put its own and all have passed a barrier.
fn merged(first: u32, lanes: u32) -> Moments {
  let origin = lane_moments[first].mean;
  var count = 0.0;
  var sum = 0.0;
  for (var lane = first; lane < first + lanes; lane++) {
    let other = lane_moments[lane];
    count += other.count;
    sum += other.count * (other.mean - origin);
  }
  let mean = origin + sum / count;
  var squares = 0.0;
  for (var lane = first; lane < first + lanes; lane++) {
    let other = lane_moments[lane];
    squares += other.squares + other.count * (other.mean - mean) * (other.mean - mean);
  }
  return Moments(count, mean, squares);
}
