// dx = γ·invstd·(du − (dβ + x̂·dγ) / n), where du = dy·act′(γ·x̂ + β) and n counts a channel's pixels. The second term
// is what x changes through the batch's statistics: evaluation mode has none.

#include "../common/activation.wgsl"
#include "../common/planes.wgsl"
#include "./norm.wgsl"

#sizes PIXELS

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read> norms: array<Norm>;
#if TRAINING
@group(0) @binding(3) var<storage, read> dgamma: array<f32>;
@group(0) @binding(4) var<storage, read> dbeta: array<f32>;
#end
@group(0) @binding(5) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let at = place(group, lane);
  if (at.inside) {
    let norm = norms[at.c];
    let normal_x = x_hat(norm, V(x[at.i]));
    var du = V(dy[at.i]) * $(ACTIVATION)_slope(affine(norm, normal_x));
#if TRAINING
    du -= (dbeta[at.c] + normal_x * dgamma[at.c]) / f32(PIXELS);
#end
    dx[at.i] = Stored(norm.gamma * norm.invstd * du);
  }
}
