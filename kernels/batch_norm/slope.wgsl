// The way back through a normalisation with the batch's own statistics, applied on reading:
//
//   dx = γ·invstd·(dy − (dβ + x̂·dγ) / n)  =  slope·dy + pull·(x − mean) + push

struct Slope {
  slope: f32,
  pull: f32,
  mean: f32,
  push: f32,
}

/// From γ's and β's gradients and the number of pixels.
fn slope_of(norm: Norm, dgamma: f32, dbeta: f32, pixels: f32) -> Slope {
  let slope = norm.gamma * norm.invstd;
  return Slope(slope, -slope * norm.invstd * dgamma / pixels, norm.mean, -slope * dbeta / pixels);
}

fn back(by: Slope, dy: V, x: V) -> V {
  return by.slope * dy + (by.pull * (x - by.mean) + by.push);
}
