// An activation and its slope, whose bodies come from activation/table.ts.

#include "./vector.wgsl"

fn activation(x: V) -> V {$ACTIVATION_VALUE
}

fn activation_slope(x: V) -> V {$ACTIVATION_SLOPE
}
