// Activations and their slopes, for V: one value or a vector of them.

#include "./vector.wgsl"

struct Normal {
  density: V,
  cumulative: V,
}

/// φ(x) and Φ(x) of the standard normal distribution. The tail Φ(−|x|) is e^(−x²/2)·P(t) with t = 1/(1 + 0.26·|x|);
/// P is a minimax fit, good to 2e-7 of the tail itself, so that its digits stay however small it gets.
fn normal(x: V) -> Normal {
  let bell = exp(-0.5 * x * x);
  let t = 1.0 / (1.0 + 0.26 * abs(x));
  let fit = ((((((-0.07464932 * t + 0.23522753) * t - 0.11572669) * t + 0.17344107) * t + 0.07048196) * t
      + 0.10775428) * t + 0.10347108) * t;
  let tail = bell * fit;
  return Normal(0.3989422804 * bell, select(1.0 - tail, tail, x < V()));
}

/// x·Φ(x), which is x·(1 + erf(x/√2))/2.
fn gelu(x: V) -> V {
  return x * normal(x).cumulative;
}
fn gelu_slope(x: V) -> V {
  let at_x = normal(x);
  return at_x.cumulative + x * at_x.density;
}

fn sigmoid(x: V) -> V {
  return 1.0 / (1.0 + exp(min(-x, V(80.0)))); // e^88 would be infinite
}
fn sigmoid_slope(x: V) -> V {
  let e = exp(-abs(x));
  return e / ((1.0 + e) * (1.0 + e));
}

fn silu(x: V) -> V {
  return x * sigmoid(x);
}
fn silu_slope(x: V) -> V {
  let s = sigmoid(x);
  return s * (1.0 + x * (1.0 - s));
}

fn hard_sigmoid(x: V) -> V {
  return saturate(x / 6.0 + 0.5);
}
fn hard_sigmoid_slope(x: V) -> V {
  return select(V(), V(1.0 / 6.0), abs(x) < V(3.0));
}

fn none(x: V) -> V {
  return x;
}
fn none_slope(x: V) -> V {
  return V(1.0);
}
