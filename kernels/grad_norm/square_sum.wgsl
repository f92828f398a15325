// partial[chunk] = Σ gradient[i]² over a chunk; a workgroup sums one chunk of CHUNK vectors. norm.wgsl adds the chunks.

#include "../common/vector.wgsl"
#include "../common/workgroup_sums.wgsl"

#batch COUNT CHUNK

@group(0) @binding(0) var<storage, read> gradient: array<Stored>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * batch.CHUNK;
  let end = min(first + batch.CHUNK, batch.COUNT);
  var squares = V();
  for (var i = first + thread; i < end; i += WORKGROUP_SIZE) {
    let g = gradient[i];
    squares += g * g;
  }
  put_term(0, sum_of(squares), thread);
  workgroupBarrier();
  if (thread == 0) {
    partial[group.x] = sum_terms(0);
  }
}
