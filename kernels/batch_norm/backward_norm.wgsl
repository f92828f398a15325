// Backward through a normalisation. In training, mean and variance depend on x, so that, with n pixels in a channel,
//
//   dx = γ·invstd·(dy − (dβ + x̂·dγ) / n)  =  dy_scale·dy + x_scale·(x − mean) + offset
//
// One channel's coefficients are computed once; then dx is one fused expression wherever dy and x are read.

struct BackwardNorm {
  dy_scale: f32,
  x_scale: f32,
  mean: f32,
  offset: f32,
}

/// From the gradients of γ and β and the number of pixels in a channel.
fn backward_norm_of(norm: Norm, dgamma: f32, dbeta: f32, pixels: f32) -> BackwardNorm {
  let scale = norm.gamma * norm.invstd;
  return BackwardNorm(scale, -scale * norm.invstd * dgamma / pixels, norm.mean, -scale * dbeta / pixels);
}

fn input_gradient(by: BackwardNorm, dy: V, x: V) -> V {
  return by.dy_scale * dy + (by.x_scale * (x - by.mean) + by.offset);
}
