/// Gradient of act(bn2(d)) at a pixel: dz·gate + per_pixel. Through the mean, every pixel of a plane gets the same part of
/// dsqueezed.
struct Plane {
  gate: f32,
  per_pixel: f32,
}
