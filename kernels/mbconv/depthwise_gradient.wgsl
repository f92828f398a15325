// Shared by both backward kernels of the depthwise convolution: the gradient dd of d, computed where it is read, through
// gate, activation and bn2, and the output of the partial sums.
//
//   dd = dy_scale·du2 + x_scale·(d − mean) + offset, where du2 = (dz·gate + per_pixel)·act′(bn2(d))
//
// Call `prepare`, and if GATED set `plane_of_d`, before reading pixels. Without GATED du2 = dz·act′(bn2(d)). Without EXPANDED
// the block has neither expansion nor bn1: e is its input x, and dx the gradient of x.
//
// A row of `partial` holds the sums of a chunk of each of these, one after the other; without EXPANDED the first three:
//   dweight [C,KERNEL,KERNEL], dγ and dβ of bn2 [C] (zero but in row 0), dγ and dβ of bn1 [C],
// and with EXPANDED γ and invstd of bn1 [C], for expand_merge.wgsl.

#batch N PIXELS NORM1_ROW

#include "../common/activation.wgsl"
#include "../common/workgroup_sums.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/backward_norm.wgsl"
#include "./plane.wgsl"

@group(0) @binding(0) var<storage, read> dz: array<Stored>;
@group(0) @binding(1) var<storage, read> d: array<Stored>;
@group(0) @binding(2) var<storage, read> e: array<Stored>;
@group(0) @binding(3) var<storage, read> norms: array<Norm>; // of bn2 in row 0; of bn1 in row NORM1_ROW
#if GATED
@group(0) @binding(4) var<storage, read> planes: array<Plane>;
#else
@group(0) @binding(4) var<storage, read> sums: array<f32>;
#include "./plane_sums.wgsl"
#end
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<Stored>; // du of bn1
@group(0) @binding(7) var<storage, read_write> partial: array<f32>;

/// What a workgroup needs of its channel: the norms of bn1 and bn2, and the coefficients of dd.
struct Channel {
  norm1: Norm,
  norm2: Norm,
  backward2: BackwardNorm,
}

var<private> channel: Channel;
#if GATED
var<private> plane_of_d: Plane;
#end

/// Sets `channel`. Every workgroup adds up the gradients of bn2 of its channel, which dd depends on; that of chunk 0
/// writes them.
fn prepare(c: u32, chunk: u32, thread: u32) {
  var gamma = 0.0;
  var beta = 0.0;
  for (var n = thread; n < batch.N; n += WORKGROUP_SIZE) {
    let i = n * sizes.C + c;
#if GATED
    gamma += planes[i].dgamma;
    beta += planes[i].dbeta;
#else
    gamma += plane_sum(i, 2);
    beta += plane_sum(i, 1);
#end
  }
  put_term(0, gamma, thread);
  put_term(1, beta, thread);
  workgroupBarrier();
  let dgamma = sum_terms(0);
  let dbeta = sum_terms(1);
  workgroupBarrier();
  channel.norm2 = norms[c];
  channel.backward2 = backward_norm_of(channel.norm2, dgamma, dbeta, f32(batch.PIXELS));
#if EXPANDED
  channel.norm1 = norms[batch.NORM1_ROW * sizes.C + c];
#end
  if (thread == 0) {
    let is_first = chunk == 0;
    partial[place(chunk, KERNEL * KERNEL, c)] = select(0.0, dgamma, is_first);
    partial[place(chunk, KERNEL * KERNEL + 1, c)] = select(0.0, dbeta, is_first);
#if EXPANDED
    partial[place(chunk, KERNEL * KERNEL + 4, c)] = channel.norm1.gamma;
    partial[place(chunk, KERNEL * KERNEL + 5, c)] = channel.norm1.invstd;
#end
  }
}

/// Where a row of `partial` has number `column` of channel c, of the C numbers of each column; the weight takes the first
/// KERNEL·KERNEL columns.
fn place(chunk: u32, column: u32, c: u32) -> u32 {
  return (chunk * COLUMNS + column) * sizes.C + c;
}

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
    // The weight's columns are C×KERNEL×KERNEL numbers in PyTorch's order; the columns behind bn2's are bn1's.
    let at = select(place(chunk, s + 2, c), place(chunk, 0, c * KERNEL * KERNEL + s), s < KERNEL * KERNEL);
    partial[at] = sum_terms(s);
  }
}
