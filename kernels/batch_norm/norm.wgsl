// Normalisation of one channel: y = γ·x̂ + β, x̂ = (x − mean)·invstd, invstd = 1/√(variance + eps).
//
//   let norm = norms[c];   let y = normalized(norm, x);   or, where x̂ is needed too:   affine(norm, x_hat(norm, x))

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
