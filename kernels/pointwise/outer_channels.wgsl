// outer.wgsl where lanes share the channels: each has its own rows and sums up their products with all columns of the tile,
// which it reads for the others as common/readers.wgsl says. A software adapter pays for every number that a lane reads, and
// has few registers: so each is read by one lane, and a lane keeps few sums.

#include "../common/readers.wgsl"

@compute @workgroup_size(READERS)
fn main(@builtin(workgroup_id) group: vec3u) {
  let lane = reader();
  let o = group.x * TILE_O + lane;
  let c = group.y * TILE_C + lane;
  let first_other = group.x * OTHERS + lane;
#for i in 0..TILE_O / READERS
  let o$i = min(o + $(i * READERS), C_OUT - 1);
#for j in 0..TILE_C
  var sum$(i)_$j = 0.0;
#end
#if SIDES
  var row_other$i = 0.0;
  var row_sum$i = 0.0;
#end
#end
#for i in 0..OTHERS / READERS
  let o_other$i = min(first_other + $(i * READERS), C_OTHER - 1);
  let by_other$i = other_of(o_other$i);
#for j in 0..TILE_C
  var other_sum$(i)_$j = 0.0;
#end
#end
#for r in 0..(TILE_C + READERS - 1) / READERS
  let c$r = min(c + $(r * READERS), C_IN - 1);
  let by$r = column_of(c$r);
#if SIDES
  var column_sum$r = 0.0;
#end
#end
  let slab = group.z * SLAB;
  var n = slab / PLANE_OUT;
  var p = slab % PLANE_OUT;
  for (var left = min(SLAB, POSITIONS - slab); left > 0; left--) {
#for i in 0..TILE_O / READERS
    let row$i = row(n, o$i, p);
#end
#for i in 0..OTHERS / READERS
    let other$i = other(n, o_other$i, p, by_other$i);
#end
#if SIDES
#for i in 0..TILE_O / READERS
    row_other$i = add_dot(row$i, other$i, row_other$i);
    row_sum$i += sum_of(row$i);
#end
#end
#for r in 0..(TILE_C + READERS - 1) / READERS
    let read$r = column(n, c$r, p, by$r);
#if SIDES
    column_sum$r += sum_of(read$r);
#end
#end
#for j in 0..TILE_C
    let column$j = subgroupBroadcast(read$(j / READERS), $(j % READERS));
#for i in 0..TILE_O / READERS
    sum$(i)_$j = add_dot(row$i, column$j, sum$(i)_$j);
#end
#for i in 0..OTHERS / READERS
    other_sum$(i)_$j = add_dot(other$i, column$j, other_sum$(i)_$j);
#end
#end
    p++;
    let is_next = p == PLANE_OUT;
    n += u32(is_next);
    p = select(p, 0, is_next);
  }
#for j in 0..TILE_C
  let at_column$j = group.y * TILE_C + $j;
#for i in 0..TILE_O / READERS
  put_row(group.z, o + $(i * READERS), at_column$j, sum$(i)_$j);
#end
#for i in 0..OTHERS / READERS
  put_other(group.z, first_other + $(i * READERS), at_column$j, other_sum$(i)_$j);
#end
#end
#if SIDES
  // The same in every tile of a row, or of a column.
  if (group.y == 0) {
#for i in 0..TILE_O / READERS
    put_row_side(group.z, 0, o + $(i * READERS), row_other$i);
    put_row_side(group.z, 1, o + $(i * READERS), row_sum$i);
#end
  }
  if (group.x == 0) {
#for r in 0..(TILE_C + READERS - 1) / READERS
    put_column_side(group.z, c + $(r * READERS), column_sum$r);
#end
  }
#end
}
