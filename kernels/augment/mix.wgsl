// Mixup, in place: each picture becomes a mixture of itself and of its partner in the batch.
//
//   images[n] = share · images[n] + (1 − share) · images[N−1−n]
//
// A thread computes one vector of a pair of pictures.

#batch N GROUPS_X PAIRS
#sizes PER_PICTURE

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> share: array<f32>; // one number
@group(0) @binding(1) var<storage, read_write> images: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= batch.PAIRS * sizes.PER_PICTURE) {
    return;
  }
  let n = i / sizes.PER_PICTURE;
  let partner = (batch.N - 1 - n) * sizes.PER_PICTURE + i % sizes.PER_PICTURE;
  let a = V(images[i]);
  let b = V(images[partner]);
  images[i] = Stored(mix(b, a, share[0]));
  images[partner] = Stored(mix(a, b, share[0]));
}
