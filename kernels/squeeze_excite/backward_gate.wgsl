// Gradient before the gate's activation g:
//
//   dexpanded[n,c] = g′ · Σ_p dy[n,c,p]·x[n,c,p]

#include "../common/vector.wgsl"
#include "../common/plane_sum.wgsl"
#include "./gate.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read> saved: array<f32>; // by excite.wgsl, for g′
@group(0) @binding(3) var<storage, read_write> dexpanded: array<f32>;

fn terms(i: u32) -> array<V, TERMS> {
  return array<V, TERMS>(V(x[i]) * V(dy[i]));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let plane = plane_of(group, thread);
  let dgate = plane_sums(plane, thread);
  if (dgate.is_first) {
    dexpanded[plane] = first_of(gate_slope(V(saved[plane]))) * dgate.sums[0];
  }
}
