// Backward through the gate's two layers (formulas in backward_layers.wgsl), from dexpanded.

#include "../common/activation.wgsl"

@group(0) @binding(0) var<storage, read> dexpanded: array<f32>;
@group(0) @binding(1) var<storage, read> squeezed: array<f32>;
@group(0) @binding(2) var<storage, read> reduced: array<f32>;
@group(0) @binding(3) var<storage, read> reduce_weight: array<f32>;
@group(0) @binding(4) var<storage, read> expand_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dsqueezed: array<f32>;
@group(0) @binding(6) var<storage, read_write> partial: array<f32>;

fn dexpanded_at(i: u32) -> f32 {
  return dexpanded[i];
}

fn squeezed_at(i: u32) -> f32 {
  return squeezed[i];
}

fn write_dsqueezed(i: u32, value: f32) {
  dsqueezed[i] = value;
}

#include "./backward_layers.wgsl"
