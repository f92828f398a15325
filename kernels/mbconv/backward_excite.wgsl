// Backward through the gate (formulas in squeeze_excite/backward_layers.wgsl), from the sums over each plane of dz·a, where
// a = act(bn2(d)):
//
//   dexpanded = gate′ · Σ_p dz·a      per_pixel = dsqueezed / pixels

#sizes PLANE_PIXELS

#include "../common/activation.wgsl"
#include "../squeeze_excite/gate.wgsl"
#include "./plane.wgsl"

@group(0) @binding(0) var<storage, read> sums: array<f32>; // [N,C,3]: Σ dz·a and two sums that are not read here
@group(0) @binding(1) var<storage, read> saved: array<f32>; // by excite.wgsl, for gate′
@group(0) @binding(2) var<storage, read> reduced: array<f32>;
@group(0) @binding(3) var<storage, read> reduce_weight: array<f32>;
@group(0) @binding(4) var<storage, read> expand_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dexpanded: array<f32>;
@group(0) @binding(6) var<storage, read_write> dreduced: array<f32>;
@group(0) @binding(7) var<storage, read_write> planes: array<Plane>;

fn dexpanded_at(i: u32) -> f32 {
  return gate_slope(saved[i]) * sums[3 * i];
}

fn write_dsqueezed(i: u32, dsqueezed: f32) {
  dexpanded[i] = dexpanded_at(i);
  planes[i] = Plane(saved_gate(saved[i]), dsqueezed / f32(sizes.PLANE_PIXELS));
}

#include "../squeeze_excite/backward_layers.wgsl"
