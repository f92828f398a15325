// y[n,c] = (Σ_p x[n,c,p]) / pixels

#include "../common/vector.wgsl"
#include "../common/plane_sum.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn terms(i: u32) -> array<V, TERMS> {
  return array<V, TERMS>(V(x[i]));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let plane = plane_of(group, lane);
  let total = plane_sums(plane, lane);
  if (total.leads) {
    y[plane] = total.sums[0] / f32(PLANE * WIDTH);
  }
}
