// The body of a product whose threads take VECTORS vectors of pixels each, wherever they lie. Whoever includes this binds and
// says what product.wgsl asks for, and where vector p of an image is read:
//   fn source_of(p: u32) -> u32

#batch POSITIONS GROUPS_X
#sizes PLANE_OUT

#include "./product.wgsl"

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.y * TILE_O;
  var at: Pixels;
  var p: array<u32, VECTORS>;
  var inside: array<bool, VECTORS>;
#for v in 0..VECTORS
  let position$v = ((group.z * GROUPS_X + group.x) * VECTORS + $v) * LANES + lane;
  inside[$v] = position$v < POSITIONS;
  p[$v] = min(position$v, POSITIONS - 1) % PLANE_OUT;
  at.n$v = min(position$v, POSITIONS - 1) / PLANE_OUT;
  at.source$v = source_of(p[$v]);
#end
  finish_tile(o, product(o, at), at, p, inside);
}
