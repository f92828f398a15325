// What both ways back through the depthwise convolution share. First the gradient dd of what it gave, pixel by pixel where
// it is read: through the gate, the activation and bn2. The channel and the plane must be set before.

#include "../common/activation.wgsl"
#include "../common/lane_sums.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"
#include "./hidden.wgsl"
#include "./plane.wgsl"

@group(0) @binding(0) var<storage, read> dz: array<Stored>;
@group(0) @binding(1) var<storage, read> d: array<Stored>;
@group(0) @binding(2) var<storage, read> e: array<Stored>;
@group(0) @binding(3) var<storage, read> channels: array<Hidden>;
@group(0) @binding(4) var<storage, read> planes: array<Plane>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<Stored>; // du
@group(0) @binding(7) var<storage, read_write> partial: array<f32>; // [slabs,C,11]

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

/// Leaves the sums of a slab of channel c: the weight's nine, which the lanes have put already, then bn1's.
fn leave(slab: u32, c: u32, dgamma: f32, dbeta: f32, lane: u32) {
  put(9, dgamma, lane);
  put(10, dbeta, lane);
  workgroupBarrier();
  for (var s = lane; s < SUMS; s += LANES) {
    partial[(slab * C + c) * SUMS + s] = total(s);
  }
}
