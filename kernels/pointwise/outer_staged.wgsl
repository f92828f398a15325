// outer.wgsl where a workgroup stages what it multiplies. In a step it puts STEP vectors of pixels of all rows and columns of
// its tile into workgroup memory, each loaded and activated once. Its threads form a grid of ROW_THREADS × COLUMN_THREADS;
// each multiplies every ROW_THREADS-th row with every COLUMN_THREADS-th column and keeps these sums in registers. It is for
// wide products on GPUs: with large tiles, few workgroups load and activate the same number.

/// Channels that the workgroup loads at once: a thread takes one vector of pixels of one of them.
const AT_ONCE = WORKGROUP_SIZE / STEP;
/// The first extra row, behind the rows.
const EXTRA_START = ROW_LOADS * AT_ONCE;
/// Rows and columns that are staged. The last ones may lie outside the tile.
const STAGED_ROWS = EXTRA_START + EXTRA_LOADS * AT_ONCE;
const STAGED_COLUMNS = COLUMN_LOADS * AT_ONCE;

var<workgroup> staged_rows: array<V, STEP * STAGED_ROWS>; // those of a vector of pixels are neighbours
var<workgroup> staged_columns: array<V, STEP * STAGED_COLUMNS>;
#if VECTOR_SUMS
var<workgroup> row_dot_extra: array<f32, STEP * EXTRA_START>;
var<workgroup> row_sums: array<f32, STEP * EXTRA_START>;
var<workgroup> column_sums: array<f32, STEP * STAGED_COLUMNS>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let o = group.x * TILE_O;
  let c = group.y * TILE_C;
  let first_extra = group.x * EXTRA_ROWS;
  let vector = thread % STEP; // which of a step the thread loads
  let own = thread / STEP; // which of the channels that are loaded at once
  let row_thread = thread / COLUMN_THREADS;
  let column_thread = thread % COLUMN_THREADS;
#for i in 0..ROW_LOADS
  let o$i = min(o + own + $i * AT_ONCE, sizes.C_OUT - 1);
#if VECTOR_SUMS
  var row_dot_extra$i = 0.0;
  var row_sum$i = 0.0;
#end
#end
#for i in 0..EXTRA_LOADS
  let o_extra$i = min(first_extra + own + $i * AT_ONCE, sizes.C_EXTRA - 1);
  let row_values$i = extra_values(o_extra$i);
#end
#for j in 0..COLUMN_LOADS
  let c$j = min(c + own + $j * AT_ONCE, sizes.C_IN - 1);
  let values$j = column_values(c$j);
#if VECTOR_SUMS
  var column_sum$j = 0.0;
#end
#end
#for j in 0..TILE_C / COLUMN_THREADS
#for i in 0..TILE_O / ROW_THREADS
  var sum$(i)_$j = 0.0;
#end
#for i in 0..EXTRA_ROWS / ROW_THREADS
  var extra_sum$(i)_$j = 0.0;
#end
#end
  let end = min((group.z + 1) * batch.CHUNK, batch.POSITIONS);
  for (var start = group.z * batch.CHUNK; start < end; start += STEP) {
    let inside = start + vector < end;
    let position = min(start + vector, end - 1);
    let n = position / sizes.PLANE_OUT;
    let p = position % sizes.PLANE_OUT;
    workgroupBarrier(); // the products of the last step have been computed
#for i in 0..ROW_LOADS
    let row$i = select(V(), row(n, o$i, p), inside);
    staged_rows[vector * STAGED_ROWS + own + $i * AT_ONCE] = row$i;
#end
#for i in 0..EXTRA_LOADS
    let extra$i = select(V(), extra_row(n, o_extra$i, p, row_values$i), inside);
    staged_rows[vector * STAGED_ROWS + EXTRA_START + own + $i * AT_ONCE] = extra$i;
#if VECTOR_SUMS
    row_dot_extra$i = add_dot(row$i, extra$i, row_dot_extra$i);
    row_sum$i += sum_of(row$i);
#end
#end
#for j in 0..COLUMN_LOADS
    let column$j = select(V(), column(n, c$j, p, values$j), inside);
    staged_columns[vector * STAGED_COLUMNS + own + $j * AT_ONCE] = column$j;
#if VECTOR_SUMS
    column_sum$j += sum_of(column$j);
#end
#end
    workgroupBarrier();
    for (var k = 0u; k < STEP; k++) {
      let rows = k * STAGED_ROWS + row_thread;
      let columns = k * STAGED_COLUMNS + column_thread;
#for j in 0..TILE_C / COLUMN_THREADS
      let column$j = staged_columns[columns + $j * COLUMN_THREADS];
#end
#for i in 0..TILE_O / ROW_THREADS
      let row$i = staged_rows[rows + $i * ROW_THREADS];
#for j in 0..TILE_C / COLUMN_THREADS
      sum$(i)_$j = add_dot(row$i, column$j, sum$(i)_$j);
#end
#end
#for i in 0..EXTRA_ROWS / ROW_THREADS
      let extra$i = staged_rows[rows + EXTRA_START + $i * ROW_THREADS];
#for j in 0..TILE_C / COLUMN_THREADS
      extra_sum$(i)_$j = add_dot(extra$i, column$j, extra_sum$(i)_$j);
#end
#end
    }
  }
#for j in 0..TILE_C / COLUMN_THREADS
  let at_column$j = c + column_thread + $j * COLUMN_THREADS;
#for i in 0..TILE_O / ROW_THREADS
  write_row(group.z, o + row_thread + $i * ROW_THREADS, at_column$j, sum$(i)_$j);
#end
#for i in 0..EXTRA_ROWS / ROW_THREADS
  write_extra(group.z, first_extra + row_thread + $i * ROW_THREADS, at_column$j, extra_sum$(i)_$j);
#end
#end
#if VECTOR_SUMS
#for i in 0..ROW_LOADS
  row_dot_extra[(own + $i * AT_ONCE) * STEP + vector] = row_dot_extra$i;
  row_sums[(own + $i * AT_ONCE) * STEP + vector] = row_sum$i;
#end
#for j in 0..COLUMN_LOADS
  column_sums[(own + $j * AT_ONCE) * STEP + vector] = column_sum$j;
#end
  workgroupBarrier();
  // The same in every tile of a row, or of a column.
  if (group.y == 0) {
    for (var t = thread; t < TILE_O; t += WORKGROUP_SIZE) {
      var dot_extra = 0.0;
      var sum = 0.0;
      for (var k = 0u; k < STEP; k++) {
        dot_extra += row_dot_extra[t * STEP + k];
        sum += row_sums[t * STEP + k];
      }
      write_row_sum(group.z, 0, o + t, dot_extra);
      write_row_sum(group.z, 1, o + t, sum);
    }
  }
  if (group.x == 0) {
    for (var t = thread; t < TILE_C; t += WORKGROUP_SIZE) {
      var sum = 0.0;
      for (var k = 0u; k < STEP; k++) {
        sum += column_sums[t * STEP + k];
      }
      write_column_sum(group.z, c + t, sum);
    }
  }
#end
}
