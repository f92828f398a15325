// The vector type V of all kernels: WIDTH neighbouring pixels, 4 where rows allow it, otherwise 1. Stored as f16 if HALF,
// always computed in f32:
//   let v = V(x[i]);   y[i] = Stored(v);

#if HALF
enable f16;
#end
#if WIDTH == 4
alias V = vec4f;
#if HALF
alias Stored = vec4<f16>;
#else
alias Stored = vec4f;
#end
/// Σ v over the pixels.
fn sum_of(v: V) -> f32 {
  return dot(v, vec4f(1.0));
}
/// Σ a·b over the pixels.
fn dot_of(a: V, b: V) -> f32 {
  return dot(a, b);
}
/// sum + Σ a·b over the pixels.
fn add_dot(a: V, b: V, sum: f32) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}
fn first_of(v: V) -> f32 {
  return v.x;
}
#else
alias V = f32;
#if HALF
alias Stored = f16;
#else
alias Stored = f32;
#end
fn sum_of(v: V) -> f32 {
  return v;
}
fn dot_of(a: V, b: V) -> f32 {
  return a * b;
}
fn add_dot(a: V, b: V, sum: f32) -> f32 {
  return fma(a, b, sum);
}
fn first_of(v: V) -> f32 {
  return v;
}
#end
