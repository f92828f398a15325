// outer.wgsl where lanes share the pixels: each takes every LANES-th vector of them and sums up the whole tile, then the
// lanes' sums are added.

#include "../common/lane_sums.wgsl"

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * TILE_O;
  let c = group.y * TILE_C;
  let first_other = group.x * OTHERS;
#for i in 0..TILE_O
#for j in 0..TILE_C
  var sum$(i)_$j = 0.0;
#end
#if SIDES
  var row_other$i = 0.0;
  var row_sum$i = 0.0;
#end
#end
#for i in 0..OTHERS
  let o_other$i = min(first_other + $i, C_OTHER - 1);
  let by_other$i = other_of(o_other$i);
#for j in 0..TILE_C
  var other_sum$(i)_$j = 0.0;
#end
#end
#for j in 0..TILE_C
  let c$j = min(c + $j, C_IN - 1);
  let by$j = column_of(c$j);
#if SIDES
  var column_sum$j = 0.0;
#end
#end
  let slab = group.z * SLAB;
  for (var position = slab + lane; position < min(slab + SLAB, POSITIONS); position += LANES) {
    let n = position / PLANE_OUT;
    let p = position % PLANE_OUT;
    // The columns are kept, being fewer and dear to make, and row after row is multiplied with all of them.
#for j in 0..TILE_C
    let column$j = column(n, c$j, p, by$j);
#if SIDES
    column_sum$j += sum_of(column$j);
#end
#end
#for i in 0..LINES
#if i < TILE_O
    let row$i = row(n, min(o + $i, C_OUT - 1), p);
#for j in 0..TILE_C
    sum$(i)_$j = add_dot(row$i, column$j, sum$(i)_$j);
#end
#end
#if i < OTHERS
    let other$i = other(n, o_other$i, p, by_other$i);
#for j in 0..TILE_C
    other_sum$(i)_$j = add_dot(other$i, column$j, other_sum$(i)_$j);
#end
#end
#if SIDES
    row_other$i = add_dot(row$i, other$i, row_other$i);
    row_sum$i += sum_of(row$i);
#end
#end
  }
  // The tile's rows, its other rows, and its sides.
#for j in 0..TILE_C
#for i in 0..TILE_O
  put($(i * TILE_C + j), sum$(i)_$j, lane);
#end
#for i in 0..OTHERS
  put($((TILE_O + i) * TILE_C + j), other_sum$(i)_$j, lane);
#end
#if SIDES
  put($((TILE_O + OTHERS) * TILE_C + 2 * TILE_O + j), column_sum$j, lane);
#end
#end
#if SIDES
#for i in 0..TILE_O
  put($((TILE_O + OTHERS) * TILE_C + i), row_other$i, lane);
  put($((TILE_O + OTHERS) * TILE_C + TILE_O + i), row_sum$i, lane);
#end
#end
  workgroupBarrier();
  for (var k = lane; k < SUMS; k += LANES) {
    let sum = total(k);
    let i = k / TILE_C;
    let at_column = c + k % TILE_C;
    if (i < TILE_O) {
      put_row(group.z, o + i, at_column, sum);
    }
#if OTHERS > 0
    else if (i < TILE_O + OTHERS) {
      put_other(group.z, first_other + i - TILE_O, at_column, sum);
    }
#end
#if SIDES
    // The same in every tile of a row, or of a column.
    else {
      let side = k - (TILE_O + OTHERS) * TILE_C;
      if (side < 2 * TILE_O) {
        if (group.y == 0) {
          put_row_side(group.z, side / TILE_O, o + side % TILE_O, sum);
        }
      } else if (group.x == 0) {
        put_column_side(group.z, c + side - 2 * TILE_O, sum);
      }
    }
#end
  }
}
