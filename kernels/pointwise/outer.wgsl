// A sum of outer products over (n,p), in slabs: each workgroup sums one TILE_O × TILE_C tile of the matrix over one slab, its
// lanes taking every LANES-th vector of pixels; a merge adds the slabs. Whoever includes this binds `partial` and says what
// is multiplied:
//   fn row(n: u32, o: u32, p: u32) -> V
//   fn column(n: u32, c: u32, p: u32, by: Column) -> V, with a Column of column_of(c), what is the same for all (n,p)
// With EXTRA, the tiles of rows each take as many of the columns as rows too: the matrix goes on with C_IN more rows.

#sizes POSITIONS SLAB C_IN C_OUT ROWS PLANE_OUT TILE SUMS

var<workgroup> lane_sums: array<f32, LANES * (TILE_O + EXTRA) * TILE_C>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * TILE_O;
  let c = group.y * TILE_C;
  let slab = group.z * SLAB;
#for i in 0..TILE_O+EXTRA
  var row$i = V();
#for j in 0..TILE_C
  var sum$(i)_$j = 0.0;
#end
#end
#for i in 0..EXTRA
  let extra$i = min(group.x * EXTRA + $i, C_IN - 1);
  let by_extra$i = column_of(extra$i);
#end
#for j in 0..TILE_C
  let c$j = min(c + $j, C_IN - 1);
  let by$j = column_of(c$j);
#end
  for (var position = slab + lane; position < min(slab + SLAB, POSITIONS); position += LANES) {
    let n = position / PLANE_OUT;
    let p = position % PLANE_OUT;
#if ROLLED
    // As in product.wgsl: one place that reads.
    for (var i = 0u; i < TILE; i++) {
      let v = row(n, min(o + i, C_OUT - 1), p);
#for i in 0..TILE_O
      row$i = select(row$i, v, i == $i);
#end
    }
#else
#for i in 0..TILE_O
    row$i = row(n, min(o + $i, C_OUT - 1), p);
#end
#end
#for i in 0..EXTRA
    row$(TILE_O + i) = column(n, extra$i, p, by_extra$i);
#end
#for j in 0..TILE_C
    let column$j = column(n, c$j, p, by$j);
#for i in 0..TILE_O+EXTRA
    sum$(i)_$j = add_dot(row$i, column$j, sum$(i)_$j);
#end
#end
  }
#if ROLLED
  for (var k = 0u; k < SUMS; k++) {
    var sum = 0.0;
#for i in 0..TILE_O+EXTRA
#for j in 0..TILE_C
    sum = select(sum, sum$(i)_$j, k == $(i * TILE_C + j));
#end
#end
    lane_sums[k * LANES + lane] = sum;
  }
#else
#for i in 0..TILE_O+EXTRA
#for j in 0..TILE_C
  lane_sums[$(i * TILE_C + j) * LANES + lane] = sum$(i)_$j;
#end
#end
#end
  workgroupBarrier();
  for (var k = lane; k < SUMS; k += LANES) {
    var sum = 0.0;
    for (var other = 0u; other < LANES; other++) {
      sum += lane_sums[k * LANES + other];
    }
    let i = k / TILE_C;
    let to_column = c + k % TILE_C;
    let extra = group.x * EXTRA + i - TILE_O;
    let is_extra = i >= TILE_O;
    let to_row = select(o + i, C_OUT + extra, is_extra);
    if (select(to_row < C_OUT, extra < C_IN, is_extra) && to_column < C_IN) {
      partial[(group.z * ROWS + to_row) * C_IN + to_column] = sum;
    }
  }
}
