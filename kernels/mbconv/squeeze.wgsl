// Squeeze: the mean of act(u) over each plane, u = γ·x̂ + β = bn2(d), with the norm of bn2 computed from d's moments. The
// same pass sums what the backward pass needs of each plane.
//
//   squeezed[n,c] = ((Σ_p act(u)) / pixels, Σ_p act′(u), Σ_p act′(u)·x̂)

#include "../common/activation.wgsl"
#include "../common/plane_sum.wgsl"
#include "./plane.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(5) var<storage, read_write> squeezed: array<Squeezed>;

#include "../batch_norm/store_norm.wgsl"

var<private> norm: Norm;

fn terms(i: u32) -> array<V, TERMS> {
  let normal_x = x_hat(norm, V(x[i]));
  let u = affine(norm, normal_x);
  let slope = activation_slope(u);
  return array<V, TERMS>(activation(u), slope, slope * normal_x);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let plane = plane_of(group, thread);
  let c = plane % sizes.C;
  let stats = batch_moments(c, thread);
  norm = norm_of(c, stats);
  let total = plane_sums(plane, thread);
  if (total.is_first) {
    squeezed[plane] = Squeezed(total.sums[0] / f32(sizes.PLANE * WIDTH), total.sums[1], total.sums[2]);
    if (plane < sizes.C) {
      store_norm(c, norm, stats);
    }
  }
}
