// partial[slab,c] = the moments of one slab of channel c's pixels. Each lane takes every LANES-th vector and sums the
// distances from the first it met, which cancel nothing however far the mean lies from zero.

#include "../common/vector.wgsl"
#include "./moments.wgsl"
#include "./slab.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> partial: array<Moments>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let slab = group.y;
  let end = slab_end(slab);
  var k = slab * SLAB + lane;
  var at = cursor(k, c);
  var first = V();
  if (k < end) {
    first = V(x[at.i]);
  }
  var count = 0.0;
  var sum = V();
  var squares = V();
  for (; k < end; k += LANES) {
    let d = V(x[at.i]) - first;
    count += 1.0;
    sum += d;
    squares += d * d;
    at = advance(at);
  }
  let mean = sum / max(count, 1.0);
  squares -= sum * mean;
#if WIDTH == 4
  let values = first + mean;
  let middle = values.x + dot(values - values.x, V(0.25));
  let spread = values - middle;
  lane_moments[lane] = Moments(4.0 * count, middle, sum_of(squares) + count * dot(spread, spread));
#else
  lane_moments[lane] = Moments(count, first + mean, squares);
#end
  workgroupBarrier();
  if (lane == 0) {
    partial[slab * C + c] = merged(0, LANES);
  }
}
