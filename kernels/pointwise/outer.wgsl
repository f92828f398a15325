// A sum of outer products over (n,p), in slabs: each workgroup sums one TILE_O × TILE_C tile of the matrix over one slab, its
// lanes taking every LANES-th vector of pixels; a merge adds the slabs. Whoever includes this binds `partial` and says what
// is multiplied:
//   fn row(n: u32, o: u32, p: u32) -> V      fn column(n: u32, c: u32, p: u32) -> V

#sizes POSITIONS SLAB C_IN C_OUT PLANE_OUT

#include "../common/lane_sums.wgsl"

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * TILE_O;
  let c = group.y * TILE_C;
  let slab = group.z * SLAB;
#for i in 0..TILE_O
#for j in 0..TILE_C
  var sum$(i)_$j = 0.0;
#end
#end
  for (var position = slab + lane; position < min(slab + SLAB, POSITIONS); position += LANES) {
    let n = position / PLANE_OUT;
    let p = position % PLANE_OUT;
#for i in 0..TILE_O
    let row$i = row(n, min(o + $i, C_OUT - 1), p);
#end
#for j in 0..TILE_C
    let column$j = column(n, min(c + $j, C_IN - 1), p);
#for i in 0..TILE_O
    sum$(i)_$j += dot_of(row$i, column$j);
#end
#end
  }
#for i in 0..TILE_O
#for j in 0..TILE_C
  put($(i * TILE_C + j), sum$(i)_$j, lane);
#end
#end
  workgroupBarrier();
  for (var k = lane; k < SUMS; k += LANES) {
    let to_row = o + k / TILE_C;
    let to_column = c + k % TILE_C;
    if (to_row < C_OUT && to_column < C_IN) {
      partial[(group.z * C_OUT + to_row) * C_IN + to_column] = total(k);
    }
  }
}
