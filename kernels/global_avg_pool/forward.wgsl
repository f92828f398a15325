// y[n,c] = mean over the pixels p of x[n,c,p]

#include "../common/vector.wgsl"
#include "../common/plane_sum.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn terms(i: u32) -> array<V, TERMS> {
  return array<V, TERMS>(V(x[i]));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let plane = plane_of(group, thread);
  let total = plane_sums(plane, thread);
  if (total.is_first) {
    y[plane] = total.sums[0] / f32(sizes.PLANE * WIDTH);
  }
}
