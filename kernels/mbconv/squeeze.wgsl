// Squeeze of act(bn2(d)): bn2 comes out of d's moments. What the backward pass needs of each plane is summed on the way:
//
//   squeezed[n,c] = (Σ_p act(u)) / pixels     slopes[n,c] = (Σ_p act′(u), Σ_p act′(u)·x̂)     u = γ·x̂ + β

#include "../common/activation.wgsl"
#include "../common/plane_sum.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(5) var<storage, read_write> squeezed: array<f32>;
@group(0) @binding(6) var<storage, read_write> slopes: array<vec2f>;

#include "../batch_norm/keep.wgsl"

var<private> norm: Norm;

fn terms(i: u32) -> array<V, TERMS> {
  let normal_x = x_hat(norm, V(x[i]));
  let u = affine(norm, normal_x);
  let slope = $(ACTIVATION)_slope(u);
  return array<V, TERMS>($(ACTIVATION)(u), slope, slope * normal_x);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let plane = plane_of(group, lane);
  let c = plane % C;
  let batch = batch_moments(c, lane);
  norm = norm_of(c, batch);
  let total = plane_sums(plane, lane);
  if (total.leads) {
    squeezed[plane] = total.sums[0] / f32(PLANE * WIDTH);
    slopes[plane] = vec2f(total.sums[1], total.sums[2]);
    if (plane < C) {
      keep(c, norm, batch);
    }
  }
}
