// Moments (count, mean, Σ(x − mean)²) of each channel of x. Each workgroup computes them for one chunk of a channel's
// pixels and writes one row; the kernels that include batch_statistics.wgsl merge the rows.

#include "../common/vector.wgsl"
#include "./chunk.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> moments_out: array<vec4f>;

#include "./workgroup_moments.wgsl"

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let chunk = group.y;
  var k = chunk * batch.CHUNK + thread;
  var at = cursor(k, c);
  for (; k < chunk_end(chunk); k += WORKGROUP_SIZE) {
    add_pixels0(V(x[at.i]));
    count_vector();
    at = advance(at);
  }
  write_moments(chunk, c, thread);
}
