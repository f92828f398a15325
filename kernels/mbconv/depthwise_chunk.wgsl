// Shared by depthwise.wgsl and depthwise_plain.wgsl: a workgroup takes CHUNK of a channel's bands and writes d's moments,
// which bn2 needs. The including file binds `x`, `y` and `moments_out`, and defines what depthwise/walk.wgsl asks for.

#batch POSITIONS CHUNK

#include "../batch_norm/workgroup_moments.wgsl"
#include "../depthwise/walk.wgsl"

fn emit(i: u32, sum: V) {
  y[i] = Stored(sum);
  add_pixels0(sum);
  count_vector();
}

fn walk_chunk(c: u32, chunk: u32, thread: u32) {
  let end = min((chunk + 1) * batch.CHUNK, batch.POSITIONS);
  for (var band = chunk * batch.CHUNK + thread; band < end; band += WORKGROUP_SIZE) {
    walk(c, band);
  }
  write_moments(chunk, c, thread);
}
