/// What squeeze.wgsl computes of a plane for the backward pass and excite.wgsl, with u = γ·x̂ + β = bn2(d).
struct Squeezed {
  mean: f32, // of act(u)
  slope: f32, // Σ act′(u)
  slope_x_hat: f32, // Σ act′(u)·x̂
}

/// What the backward pass needs of a plane: the gradient of act(bn2(d)) at a pixel is dz·gate + per_pixel, because through
/// the mean every pixel gets the same part of dsqueezed; and the plane's part of the gradients of bn2.
struct Plane {
  gate: f32,
  per_pixel: f32,
  dgamma: f32,
  dbeta: f32,
}
