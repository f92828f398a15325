// y[n,c] = (Σ_p x[n,c,p]) / pixels

#include "../common/vector.wgsl"
#include "../common/plane_sum.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn term(i: u32) -> V {
  return V(x[i]);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let total = plane_sum(group, lane);
  if (total.leads) {
    y[total.plane] = total.sum / f32(PLANE * WIDTH);
  }
}
