// dx of the 3×3 convolution with stride 2 (see common/spread.wgsl), by rows:
//
//   dx[2i] = Σ_o w[1] · dy[i]        dx[2i+1] = Σ_o (w[2] · dy[i] + w[0] · dy[i+1])
//
// and likewise by columns. A thread loads one vector of dy with its neighbours to the right and below, and computes two
// rows of two vectors of dx in registers, for TILE_C input channels: what it loads serves all of them.

#batch POSITIONS GROUPS_X
#sizes C_IN C_OUT HEIGHT_IN HEIGHT_OUT ROW_IN ROW_OUT

#include "../common/vector.wgsl"
#include "../common/spread.wgsl"
#include "../common/plain_pixels.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<Stored>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let position = (group.z * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (position >= batch.POSITIONS) {
    return;
  }
  let j = position % sizes.ROW_OUT;
  let i = position / sizes.ROW_OUT % sizes.HEIGHT_OUT;
  let n = position / (sizes.ROW_OUT * sizes.HEIGHT_OUT);
  let c = group.y * TILE_C;

#for t in 0..TILE_C
  var block$t = Block();
#end
  for (var o = 0u; o < sizes.C_OUT; o++) {
    let near = near_dy((n * sizes.C_OUT + o) * sizes.HEIGHT_OUT * sizes.ROW_OUT, i, j);
#for t in 0..TILE_C
    block$t = spread(near, (o * sizes.C_IN + min(c + $t, sizes.C_IN - 1)) * 9, block$t);
#end
  }
#for t in 0..TILE_C
  if (c + $t < sizes.C_IN) {
    store((n * sizes.C_IN + c + $t) * sizes.HEIGHT_IN * sizes.ROW_IN, i, j, block$t);
  }
#end
}
