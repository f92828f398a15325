/// The factor that scales a gradient down to max_norm if its norm is larger: PyTorch's clip_grad_norm_.
fn clip_scale(norm: f32, max_norm: f32) -> f32 {
  let guarded = norm + 1e-6;
  return select(1.0, max_norm / guarded, guarded > max_norm);
}
