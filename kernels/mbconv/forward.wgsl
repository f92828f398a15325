// The body of expand and project: a workgroup computes TILE_O channels at SPAN vectors of pixels, step by step, and leaves
// one row of moments. What must be done before comes first:
//   fn prepare(leads: bool, lane: u32)    leads: in one workgroup of all

#batch POSITIONS SPAN
#sizes PLANE_OUT

#include "../pointwise/product.wgsl"
#include "../batch_norm/lane_moments.wgsl"

fn finish(o: u32, n: u32, p: u32, sum: V) {
  y[(n * C_OUT + o) * PLANE_OUT + p] = Stored(sum);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  prepare(group.x == 0 && group.y == 0, lane);
  let o = group.y * TILE_O;
  let end = min((group.x + 1) * SPAN, POSITIONS);
  for (var step = group.x * SPAN; step < end; step += LANES * VECTORS) {
    let start = step + lane;
    var at: Pixels;
    var p: array<u32, VECTORS>;
    var inside: array<bool, VECTORS>;
#for v in 0..VECTORS
    let position$v = min(start + $v * LANES, POSITIONS - 1);
    inside[$v] = start + $v * LANES < end;
    p[$v] = position$v % PLANE_OUT;
    at.n$v = position$v / PLANE_OUT;
    at.source$v = p[$v];
#end
    let tile = product(o, at);
    finish_tile(o, tile, at, p, inside);
#for v in 0..VECTORS
    if (inside[$v]) {
#for t in 0..TILE_O
      note$t(tile.y$(t)_$v);
#end
      counted();
    }
#end
  }
  leave(group.x, o, lane);
}
