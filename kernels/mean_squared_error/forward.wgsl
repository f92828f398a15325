// partial[chunk] = Σ (prediction[i] − target[i])² over one chunk, divided by the number of all elements

#include "../common/vector.wgsl"
#include "../common/workgroup_sums.wgsl"

#batch POSITIONS CHUNK

@group(0) @binding(0) var<storage, read> prediction: array<Stored>;
@group(0) @binding(1) var<storage, read> targets: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * batch.CHUNK;
  var squares = V();
  for (var i = first + thread; i < min(first + batch.CHUNK, batch.POSITIONS); i += WORKGROUP_SIZE) {
    let error = V(prediction[i]) - V(targets[i]);
    squares += error * error;
  }
  put_term(0, sum_of(squares), thread);
  workgroupBarrier();
  if (thread == 0) {
    partial[group.x] = sum_terms(0) / f32(WIDTH) / f32(batch.POSITIONS);
  }
}
