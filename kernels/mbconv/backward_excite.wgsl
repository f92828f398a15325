// Back through the gate (see squeeze_excite/backward_layers.wgsl) from Σ_p dz·a of each plane:
//
//   dexpanded = gate′ · Σ_p dz·a    share = dsqueezed / pixels

#sizes PLANE_PIXELS

#include "../common/activation.wgsl"
#include "../squeeze_excite/gate_slope.wgsl"
#include "./plane.wgsl"

@group(0) @binding(0) var<storage, read> sums: array<f32>; // [N,C,3]
@group(0) @binding(1) var<storage, read> gate: array<f32>;
@group(0) @binding(2) var<storage, read> reduced: array<f32>;
@group(0) @binding(3) var<storage, read> reduce_weight: array<f32>;
@group(0) @binding(4) var<storage, read> expand_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dexpanded: array<f32>;
@group(0) @binding(6) var<storage, read_write> dreduced: array<f32>;
@group(0) @binding(7) var<storage, read_write> planes: array<Plane>;

fn dexpanded_at(i: u32) -> f32 {
  return gate_slope(gate[i]) * sums[3 * i];
}

fn give(i: u32, dsqueezed: f32) {
  dexpanded[i] = dexpanded_at(i);
  planes[i] = Plane(gate[i], dsqueezed / f32(PLANE_PIXELS));
}

#include "../squeeze_excite/backward_layers.wgsl"
