// Shared by both backward kernels of the depthwise convolution: the gradient dd of d, computed where it is read, through
// gate, activation and bn2, and the output of the partial sums.
//
//   dd = dy_scale·du2 + x_scale·(d − mean) + offset, where du2 = (dz·gate + per_pixel)·act′(bn2(d))
//
// Set `channel` and, if GATED, `plane_of_d` before reading pixels. Without GATED du2 = dz·act′(bn2(d)). Without EXPANDED the
// block has neither expansion nor bn1: e is its input x, and dx the gradient of x.

#include "../common/activation.wgsl"
#include "../common/workgroup_sums.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/backward_norm.wgsl"
#include "./channel.wgsl"
#include "./plane.wgsl"

@group(0) @binding(0) var<storage, read> dz: array<Stored>;
@group(0) @binding(1) var<storage, read> d: array<Stored>;
@group(0) @binding(2) var<storage, read> e: array<Stored>;
@group(0) @binding(3) var<storage, read> channels: array<Channel>;
#if GATED
@group(0) @binding(4) var<storage, read> planes: array<Plane>;
#end
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<Stored>; // du of bn1
@group(0) @binding(7) var<storage, read_write> partial: array<f32>; // [chunks,C,SUMS]

var<private> channel: Channel;
#if GATED
var<private> plane_of_d: Plane;
#end

fn gradient(dz: V, d: V) -> V {
  let u = normalized(channel.norm2, d);
#if GATED
  return input_gradient(channel.backward2, (dz * plane_of_d.gate + plane_of_d.per_pixel) * activation_slope(u), d);
#else
  return input_gradient(channel.backward2, dz * activation_slope(u), d);
#end
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
#if KERNEL == 5 && WIDTH == 4

fn far_neighbours(left: u32, right: u32) -> vec2f {
  return gradient(V(f32(dz[left].z), f32(dz[right].y), 0.0, 0.0), V(f32(d[left].z), f32(d[right].y), 0.0, 0.0)).xy;
}
#end

/// Writes the sums of a chunk of channel c: the weight's, whose terms are put already, then bn1's two if EXPANDED.
fn write_sums(chunk: u32, c: u32, dgamma: f32, dbeta: f32, thread: u32) {
#if EXPANDED
  put_term(KERNEL * KERNEL, dgamma, thread);
  put_term(KERNEL * KERNEL + 1, dbeta, thread);
#end
  workgroupBarrier();
  for (var s = thread; s < SUMS; s += WORKGROUP_SIZE) {
    partial[(chunk * sizes.C + c) * SUMS + s] = sum_terms(s);
  }
}
