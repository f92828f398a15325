// dx of the 3×3 convolution with stride 2. A pixel of dx meets the kernel's middle row if its own row is even, the two
// outer ones if it is odd, and likewise for columns:
//
//   dx[2i  ] = w[1] · dy[i]                    dx[2i+1] = w[2] · dy[i] + w[0] · dy[i+1]        (rows; Σ over o)
//
// A thread reads one vector of dy with its neighbours to the right and below, and keeps the two rows of two vectors of
// dx that it gives, for TILE_C input channels, in registers: each multiplication is needed, none meets a zero.

#batch POSITIONS GROUPS_X
#sizes C_IN C_OUT HEIGHT_IN HEIGHT_OUT ROW_IN ROW_OUT

#include "../common/vector.wgsl"
#include "../common/spread.wgsl"
#include "../common/plain_pixels.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let position = (group.z * GROUPS_X + group.x) * LANES + lane;
  if (position >= POSITIONS) {
    return;
  }
  let j = position % ROW_OUT;
  let i = position / ROW_OUT % HEIGHT_OUT;
  let n = position / (ROW_OUT * HEIGHT_OUT);
  let c = group.y * TILE_C;

#for t in 0..TILE_C
  var block$t = Block();
#end
  for (var o = 0u; o < C_OUT; o++) {
    let near = corner((n * C_OUT + o) * HEIGHT_OUT * ROW_OUT, i, j);
#for t in 0..TILE_C
    block$t = spread(near, (o * C_IN + min(c + $t, C_IN - 1)) * 9, block$t);
#end
  }
#for t in 0..TILE_C
  if (c + $t < C_IN) {
    store((n * C_IN + c + $t) * HEIGHT_IN * ROW_IN, i, j, block$t);
  }
#end
}
