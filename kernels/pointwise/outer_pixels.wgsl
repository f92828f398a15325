// outer.wgsl where the threads of a workgroup share the pixels: each sums the whole tile in registers over every
// WORKGROUP_SIZE-th vector of the chunk, then the threads' sums are added.

#include "../common/workgroup_sums.wgsl"

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let o = group.x * TILE_O;
  let c = group.y * TILE_C;
  let first_extra = group.x * EXTRA_ROWS;
#for i in 0..TILE_O
#for j in 0..TILE_C
  var sum$(i)_$j = 0.0;
#end
#if VECTOR_SUMS
  var row_dot_extra$i = 0.0;
  var row_sum$i = 0.0;
#end
#end
#for i in 0..EXTRA_ROWS
  let o_extra$i = min(first_extra + $i, sizes.C_EXTRA - 1);
  let row_values$i = extra_values(o_extra$i);
#for j in 0..TILE_C
  var extra_sum$(i)_$j = 0.0;
#end
#end
#for j in 0..TILE_C
  let c$j = min(c + $j, sizes.C_IN - 1);
  let values$j = column_values(c$j);
#if VECTOR_SUMS
  var column_sum$j = 0.0;
#end
#end
  let first = group.z * batch.CHUNK;
  for (var position = first + thread; position < min(first + batch.CHUNK, batch.POSITIONS); position += WORKGROUP_SIZE) {
    let n = position / sizes.PLANE_OUT;
    let p = position % sizes.PLANE_OUT;
    // Columns are kept in registers, as they can be expensive to compute; rows are loaded one after another.
#for j in 0..TILE_C
    let column$j = column(n, c$j, p, values$j);
#if VECTOR_SUMS
    column_sum$j += sum_of(column$j);
#end
#end
#for i in 0..MOST_ROWS
#if i < TILE_O
    let row$i = row(n, min(o + $i, sizes.C_OUT - 1), p);
#for j in 0..TILE_C
    sum$(i)_$j = add_dot(row$i, column$j, sum$(i)_$j);
#end
#end
#if i < EXTRA_ROWS
    let extra$i = extra_row(n, o_extra$i, p, row_values$i);
#for j in 0..TILE_C
    extra_sum$(i)_$j = add_dot(extra$i, column$j, extra_sum$(i)_$j);
#end
#end
#if VECTOR_SUMS
    row_dot_extra$i = add_dot(row$i, extra$i, row_dot_extra$i);
    row_sum$i += sum_of(row$i);
#end
#end
  }
  // The order of the terms: the tile's rows, its extra rows, its vector sums.
#for j in 0..TILE_C
#for i in 0..TILE_O
  put_term($(i * TILE_C + j), sum$(i)_$j, thread);
#end
#for i in 0..EXTRA_ROWS
  put_term($((TILE_O + i) * TILE_C + j), extra_sum$(i)_$j, thread);
#end
#if VECTOR_SUMS
  put_term($((TILE_O + EXTRA_ROWS) * TILE_C + 2 * TILE_O + j), column_sum$j, thread);
#end
#end
#if VECTOR_SUMS
#for i in 0..TILE_O
  put_term($((TILE_O + EXTRA_ROWS) * TILE_C + i), row_dot_extra$i, thread);
  put_term($((TILE_O + EXTRA_ROWS) * TILE_C + TILE_O + i), row_sum$i, thread);
#end
#end
  workgroupBarrier();
  for (var k = thread; k < SUMS; k += WORKGROUP_SIZE) {
    let sum = sum_terms(k);
    let i = k / TILE_C;
    let at_column = c + k % TILE_C;
    if (i < TILE_O) {
      write_row(group.z, o + i, at_column, sum);
    }
#if EXTRA_ROWS > 0
    else if (i < TILE_O + EXTRA_ROWS) {
      write_extra(group.z, first_extra + i - TILE_O, at_column, sum);
    }
#end
#if VECTOR_SUMS
    // All tiles of a row, or of a column, have the same: one of them writes it.
    else {
      let rest = k - (TILE_O + EXTRA_ROWS) * TILE_C;
      if (rest < 2 * TILE_O) {
        if (group.y == 0) {
          write_row_sum(group.z, rest / TILE_O, o + rest % TILE_O, sum);
        }
      } else if (group.x == 0) {
        write_column_sum(group.z, c + rest - 2 * TILE_O, sum);
      }
    }
#end
  }
}
