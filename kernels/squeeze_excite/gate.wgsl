// The gate's activation g and its slope; the function bodies come from activation/table.ts. For the backward pass the
// forward pass saves one number of each gate: g(x) if the slope follows from it (GATE_SAVES_VALUE), otherwise x.
//
//   gate_of(x) = g(x)      gate_slope(saved) = g′(x)      saved_gate(saved) = g(x)

#include "../common/vector.wgsl"

fn gate_of(x: V) -> V {$GATE_VALUE
}

#if GATE_SAVES_VALUE
fn gate_slope(y: V) -> V {$GATE_SLOPE
}
fn saved_gate(y: V) -> V {
  return y;
}
#else
fn gate_slope(x: V) -> V {$GATE_SLOPE
}
fn saved_gate(x: V) -> V {
  return gate_of(x);
}
#end
