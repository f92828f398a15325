// The main function of a pointwise product whose threads each take VECTORS vectors of pixels, LANES apart. The
// including file defines what product.wgsl asks for, and the vector of x that belongs to vector p of y:
//   fn source_of(p: u32) -> u32

#batch POSITIONS GROUPS_X
#sizes PLANE_OUT

#include "./product.wgsl"

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let o = first_channel(group.y, thread);
  var at: Pixels;
  var p: array<u32, VECTORS>;
  var inside: array<bool, VECTORS>;
#for v in 0..VECTORS
  let position$v = ((group.z * batch.GROUPS_X + group.x) * VECTORS + $v) * LANES + lane_of(thread);
  inside[$v] = position$v < batch.POSITIONS;
  p[$v] = min(position$v, batch.POSITIONS - 1) % sizes.PLANE_OUT;
  at.n$v = min(position$v, batch.POSITIONS - 1) / sizes.PLANE_OUT;
  at.source$v = source_of(p[$v]);
#end
  finish_tile(o, product(o, at, thread), at, p, inside);
}
