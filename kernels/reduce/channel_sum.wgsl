// The gradient of a convolution's bias, in partial sums (see common/launch.ts); merge.wgsl adds them:
//
//   partial[chunk,c] = Σ x[n,c,p] over the positions (n,p) of a chunk

#batch POSITIONS CHUNK

#include "../common/vector.wgsl"
#include "../common/workgroup_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let first = group.y * batch.CHUNK;
  var sum = V();
  for (var position = first + thread; position < min(first + batch.CHUNK, batch.POSITIONS); position += WORKGROUP_SIZE) {
    sum += V(x[(position / PLANE * C + c) * PLANE + position % PLANE]);
  }
  put_term(0, sum_of(sum), thread);
  workgroupBarrier();
  if (thread == 0) {
    partial[group.y * C + c] = sum_terms(0);
  }
}
