// Shared by expand.wgsl and project.wgsl: a pointwise product with moments in its epilogue. A workgroup computes
// SLICES · TILE_O output channels at CHUNK vectors of pixels, LANES × VECTORS at a time, and writes one row of moments. The
// including file defines what runs first (and what product.wgsl asks for):
//   fn prepare(is_first: bool, thread: u32)    is_first: true in one workgroup of the dispatch

#batch POSITIONS CHUNK
#sizes PLANE_OUT

#include "../pointwise/product.wgsl"
#include "../batch_norm/workgroup_moments.wgsl"

fn finish(o: u32, n: u32, p: u32, sum: V) {
  y[(n * sizes.C_OUT + o) * sizes.PLANE_OUT + p] = Stored(sum);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  prepare(group.x == 0 && group.y == 0, thread);
  let o = first_channel(group.y, thread);
  let end = min((group.x + 1) * batch.CHUNK, batch.POSITIONS);
  for (var step = group.x * batch.CHUNK; step < end; step += LANES * VECTORS) {
    let start = step + lane_of(thread);
    var at: Pixels;
    var p: array<u32, VECTORS>;
    var inside: array<bool, VECTORS>;
#for v in 0..VECTORS
    let position$v = min(start + $v * LANES, batch.POSITIONS - 1);
    inside[$v] = start + $v * LANES < end;
    p[$v] = position$v % sizes.PLANE_OUT;
    at.n$v = position$v / sizes.PLANE_OUT;
    at.source$v = p[$v];
#end
    let tile = product(o, at, thread);
    finish_tile(o, tile, at, p, inside);
#for v in 0..VECTORS
    if (inside[$v]) {
#for t in 0..TILE_O
      add_pixels$t(tile.y$(t)_$v);
#end
      count_vector();
    }
#end
  }
  write_moments(group.x, group.y * SLICES * TILE_O, thread);
}
