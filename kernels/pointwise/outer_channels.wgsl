// outer.wgsl where the threads of a workgroup share the channels: each has rows of its own and multiplies them with all
// columns of the tile. Each column is loaded by one thread and broadcast to the others (see common/readers.wgsl). It is for
// software adapters, which pay for the loads of each thread and have few registers: no number is loaded twice, and a thread
// keeps few sums.

#include "../common/readers.wgsl"

@compute @workgroup_size(READERS)
fn main(@builtin(workgroup_id) group: vec3u) {
  let thread = reader();
  let o = group.x * TILE_O + thread;
  let c = group.y * TILE_C + thread;
  let first_extra = group.x * EXTRA_ROWS + thread;
#for i in 0..TILE_O / READERS
  let o$i = min(o + $(i * READERS), sizes.C_OUT - 1);
#for j in 0..TILE_C
  var sum$(i)_$j = 0.0;
#end
#if VECTOR_SUMS
  var row_dot_extra$i = 0.0;
  var row_sum$i = 0.0;
#end
#end
#for i in 0..EXTRA_ROWS / READERS
  let o_extra$i = min(first_extra + $(i * READERS), sizes.C_EXTRA - 1);
  let row_values$i = extra_values(o_extra$i);
#for j in 0..TILE_C
  var extra_sum$(i)_$j = 0.0;
#end
#end
#for r in 0..(TILE_C + READERS - 1) / READERS
  let c$r = min(c + $(r * READERS), sizes.C_IN - 1);
  let values$r = column_values(c$r);
#if VECTOR_SUMS
  var column_sum$r = 0.0;
#end
#end
  let start = group.z * batch.CHUNK;
  var n = start / sizes.PLANE_OUT;
  var p = start % sizes.PLANE_OUT;
  for (var remaining = min(batch.CHUNK, batch.POSITIONS - start); remaining > 0; remaining--) {
#for i in 0..TILE_O / READERS
    let row$i = row(n, o$i, p);
#end
#for i in 0..EXTRA_ROWS / READERS
    let extra$i = extra_row(n, o_extra$i, p, row_values$i);
#end
#if VECTOR_SUMS
#for i in 0..TILE_O / READERS
    row_dot_extra$i = add_dot(row$i, extra$i, row_dot_extra$i);
    row_sum$i += sum_of(row$i);
#end
#end
#for r in 0..(TILE_C + READERS - 1) / READERS
    let read$r = column(n, c$r, p, values$r);
#if VECTOR_SUMS
    column_sum$r += sum_of(read$r);
#end
#end
#for j in 0..TILE_C
    let column$j = subgroupBroadcast(read$(j / READERS), $(j % READERS));
#for i in 0..TILE_O / READERS
    sum$(i)_$j = add_dot(row$i, column$j, sum$(i)_$j);
#end
#for i in 0..EXTRA_ROWS / READERS
    extra_sum$(i)_$j = add_dot(extra$i, column$j, extra_sum$(i)_$j);
#end
#end
    p++;
    let is_next = p == sizes.PLANE_OUT;
    n += u32(is_next);
    p = select(p, 0, is_next);
  }
#for j in 0..TILE_C
  let at_column$j = group.y * TILE_C + $j;
#for i in 0..TILE_O / READERS
  write_row(group.z, o + $(i * READERS), at_column$j, sum$(i)_$j);
#end
#for i in 0..EXTRA_ROWS / READERS
  write_extra(group.z, first_extra + $(i * READERS), at_column$j, extra_sum$(i)_$j);
#end
#end
#if VECTOR_SUMS
  // The same in every tile of a row, or of a column.
  if (group.y == 0) {
#for i in 0..TILE_O / READERS
    write_row_sum(group.z, 0, o + $(i * READERS), row_dot_extra$i);
    write_row_sum(group.z, 1, o + $(i * READERS), row_sum$i);
#end
  }
  if (group.x == 0) {
#for r in 0..(TILE_C + READERS - 1) / READERS
    write_column_sum(group.z, c + $(r * READERS), column_sum$r);
#end
  }
#end
}
