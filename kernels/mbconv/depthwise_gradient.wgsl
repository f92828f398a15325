// The gradient dd of what the depthwise convolution gave, pixel by pixel where it is read: through the gate, the
// activation and bn2. The channel and the plane must be set before.

#include "../common/activation.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"
#include "./hidden.wgsl"
#include "./plane.wgsl"

var<private> channel: Hidden;
var<private> plane_of_d: Plane;

fn gradient(dz: V, d: V) -> V {
  let u = normalized(channel.norm2, d);
  return back(channel.back2, (dz * plane_of_d.gate + plane_of_d.share) * $(ACTIVATION)_slope(u), d);
}

fn pixels(i: u32) -> V {
  return gradient(V(dz[i]), V(d[i]));
}

fn neighbours(left: u32, right: u32) -> vec2f {
#if WIDTH == 4
  return gradient(V(f32(dz[left].w), f32(dz[right].x), 0.0, 0.0), V(f32(d[left].w), f32(d[right].x), 0.0, 0.0)).xy;
#else
  return vec2f(pixels(left), pixels(right));
#end
}
