// y[i] = x[i] / (1 − p) if word(i) ≥ p · 2³², else 0
//
// word(i) is a random word that depends only on the seed, the step, STREAM and the element's place in the batch. So the backward pass is the same kernel on
// dy: it draws the same mask again, and none is stored.

#include "../common/vector.wgsl"
#include "../common/random.wgsl"
#include "../common/first_picture.wgsl"

#batch COUNT GROUPS_X
#sizes PER_PICTURE

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> seed: array<u32>; // seed, step (, place of the first picture)
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= batch.COUNT) {
    return;
  }
  let place = first_picture() * sizes.PER_PICTURE + i; // in vectors
#if WIDTH == 4
  let is_kept = random(seed[0], seed[1], STREAM, place) >= vec4u(THRESHOLD);
#else
  let is_kept = random(seed[0], seed[1], STREAM, place / 4)[place % 4] >= THRESHOLD;
#end
  y[i] = Stored(select(V(), V(x[i]) * f32(SCALE), is_kept));
}
