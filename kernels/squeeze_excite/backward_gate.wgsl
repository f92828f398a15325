// dexpanded[n,c] = g′ · Σ_p dy[n,c,p]·x[n,c,p]: the gradient in front of the gate's own activation g, whose slope
// follows from its value.

#include "../common/vector.wgsl"
#include "../common/plane_sum.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read> gate: array<f32>;
@group(0) @binding(3) var<storage, read_write> dexpanded: array<f32>;

fn term(i: u32) -> V {
  return V(x[i]) * V(dy[i]);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let dgate = plane_sum(group, lane);
  if (dgate.leads) {
    let value = gate[dgate.plane];
#if GATE == 'sigmoid'
    let slope = value * (1.0 - value);
#else
    let slope = select(0.0, 1.0 / 6.0, value > 0.0 && value < 1.0);
#end
    dexpanded[dgate.plane] = slope * dgate.sum;
  }
}
