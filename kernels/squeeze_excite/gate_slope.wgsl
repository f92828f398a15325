/// The slope of the gate's activation, which follows from its value.
fn gate_slope(gate: f32) -> f32 {
#if GATE == 'sigmoid'
  return gate * (1.0 - gate);
#else
  return select(0.0, 1.0 / 6.0, gate > 0.0 && gate < 1.0);
#end
}
