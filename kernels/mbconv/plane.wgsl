/// The gradient in front of act(bn2) is dz·gate + share: what comes by the squeeze is spread evenly over its plane.
struct Plane {
  gate: f32,
  share: f32,
}
