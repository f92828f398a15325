// Backward through the gate (formulas in squeeze_excite/backward_layers.wgsl), from the sums over each plane that
// project_backward_input.wgsl and squeeze.wgsl computed. With u = γ·x̂ + β = bn2(d) and du = (dz·gate + per_pixel)·act′(u),
// where gate and per_pixel are constant in a plane:
//
//   dexpanded = gate′ · Σ_p dz·act(u)      per_pixel = dsqueezed / pixels
//   dγ = Σ_n (gate·Σ_p dz·act′(u)·x̂ + per_pixel·Σ_p act′(u)·x̂)      dβ = Σ_n (gate·Σ_p dz·act′(u) + per_pixel·Σ_p act′(u))
//
// So the gradients of bn2 need no pass over dz and d. The depthwise backward pass adds those of the planes.

#sizes PLANE_PIXELS

#include "../common/activation.wgsl"
#include "../squeeze_excite/gate.wgsl"
#include "./plane.wgsl"
#include "./plane_sums.wgsl"

@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read> squeezed: array<Squeezed>;
@group(0) @binding(2) var<storage, read> saved: array<f32>; // by excite.wgsl, for gate′
@group(0) @binding(3) var<storage, read> reduced: array<f32>;
@group(0) @binding(4) var<storage, read> reduce_weight: array<f32>;
@group(0) @binding(5) var<storage, read> expand_weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> planes: array<Plane>;
@group(0) @binding(7) var<storage, read_write> partial: array<f32>;

fn dexpanded_at(i: u32) -> f32 {
  return gate_slope(saved[i]) * plane_sum(i, 0);
}

fn squeezed_at(i: u32) -> f32 {
  return squeezed[i].mean;
}

fn write_dsqueezed(i: u32, dsqueezed: f32) {
  let gate = saved_gate(saved[i]);
  let per_pixel = dsqueezed / f32(sizes.PLANE_PIXELS);
  planes[i] = Plane(
    gate,
    per_pixel,
    gate * plane_sum(i, 2) + per_pixel * squeezed[i].slope_x_hat,
    gate * plane_sum(i, 1) + per_pixel * squeezed[i].slope,
  );
}

#include "../squeeze_excite/backward_layers.wgsl"
