// dexpanded[n,c] = g′ · Σ_p dy[n,c,p]·x[n,c,p]: the gradient in front of the gate's own activation g, whose slope
// follows from its value.

#include "../common/vector.wgsl"
#include "../common/plane_sum.wgsl"
#include "./gate_slope.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read> gate: array<f32>;
@group(0) @binding(3) var<storage, read_write> dexpanded: array<f32>;

fn terms(i: u32) -> array<V, TERMS> {
  return array<V, TERMS>(V(x[i]) * V(dy[i]));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let plane = plane_of(group, lane);
  let dgate = plane_sums(plane, lane);
  if (dgate.leads) {
    dexpanded[plane] = gate_slope(gate[plane]) * dgate.sums[0];
  }
}
