// What a channel is normalised with: act(γ·x̂ + β), x̂ = (x − mean)·invstd. Applied on reading as
//   let norm = norms[c];   act(affine(norm, x_hat(norm, v)))

struct Norm {
  mean: f32,
  invstd: f32,
  gamma: f32,
  beta: f32,
}

fn x_hat(norm: Norm, x: V) -> V {
  return (x - norm.mean) * norm.invstd;
}

fn affine(norm: Norm, x_hat: V) -> V {
  return norm.gamma * x_hat + norm.beta;
}

/// γ·x̂ + β
fn normalized(norm: Norm, x: V) -> V {
  return affine(norm, x_hat(norm, x));
}
