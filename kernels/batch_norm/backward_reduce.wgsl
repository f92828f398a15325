// partial[slab,c] = (Σ du·x̂, Σ du) over one slab of channel c's pixels, where du = dy·act′(γ·x̂ + β (+ skip)). Merged, these
// are γ's and β's gradients. With a SKIP, whose gradient is du as well, du is kept.

#include "../common/activation.wgsl"
#include "../common/lane_sums.wgsl"
#include "./norm.wgsl"
#include "./slab.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec2f>;
#if SKIP
@group(0) @binding(4) var<storage, read> skip: array<Stored>;
@group(0) @binding(5) var<storage, read_write> kept: array<Stored>;
#end

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let slab = group.y;
  let end = slab_end(slab);
  let norm = norms[c];
  var dgamma = 0.0;
  var dbeta = 0.0;
  var k = slab * SLAB + lane;
  var at = cursor(k, c);
  for (; k < end; k += LANES) {
    let normal_x = x_hat(norm, V(x[at.i]));
#if SKIP
    let du = V(dy[at.i]) * $(ACTIVATION)_slope(affine(norm, normal_x) + V(skip[at.i]));
    kept[at.i] = Stored(du);
#else
    let du = V(dy[at.i]) * $(ACTIVATION)_slope(affine(norm, normal_x));
#end
    dgamma = add_dot(du, normal_x, dgamma);
    dbeta += sum_of(du);
    at = advance(at);
  }
  put(0, dgamma, lane);
  put(1, dbeta, lane);
  workgroupBarrier();
  if (lane == 0) {
    partial[slab * C + c] = vec2f(total(0), total(1));
  }
}
