// The body of expand and project: a workgroup computes TILE_O channels at SPAN vectors of pixels, step by step, and leaves
// one row of moments.

#sizes POSITIONS SPAN PLANE_OUT

#include "../pointwise/product.wgsl"
#include "../batch_norm/lane_moments.wgsl"

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.y * TILE_O;
  let end = min((group.x + 1) * SPAN, POSITIONS);
  for (var start = group.x * SPAN + lane; start < end; start += LANES * VECTORS) {
    var at: Pixels;
#for v in 0..VECTORS
    let position$v = min(start + $v * LANES, POSITIONS - 1);
    at.n$v = position$v / PLANE_OUT;
    at.source$v = position$v % PLANE_OUT;
#end
    let tile = product(o, at);
#for v in 0..VECTORS
    if (start + $v * LANES < end) {
#for t in 0..TILE_O
#if OVERHANG
      if (o + $t < C_OUT) {
#else
      {
#end
        y[(at.n$v * C_OUT + o + $t) * PLANE_OUT + at.source$v] = Stored(tile.y$(t)_$v);
        note$t(tile.y$(t)_$v);
      }
#end
    }
#end
  }
  leave(group.x, o, lane);
}
