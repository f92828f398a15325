// A product of two small matrices, the second of which is stored in either order:
//
//   product[r,c] = Σ_k a[r,k] · b[k·B_STEP + c·B_COLUMN] (+ bias[c])
//
// A thread keeps TILE rows of one column in registers and lanes take columns side by side, so that the addresses of `a`
// depend only on the workgroup.

#if HALF
enable f16;
#end

#batch ROWS
#sizes COLUMNS DEPTH B_STEP B_COLUMN

@group(0) @binding(0) var<storage, read> a: array<$A>;
@group(0) @binding(1) var<storage, read> b: array<$B>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> product: array<$PRODUCT>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let column = group.x * LANES + lane;
  if (column >= COLUMNS) {
    return;
  }
  let row = group.y * TILE;
#for i in 0..TILE
  let a$i = min(row + $i, ROWS - 1) * DEPTH; // the last tile hangs over; what it sums there is not stored
  var sum$i = 0.0;
#end
  for (var k = 0u; k < DEPTH; k++) {
    let v = f32(b[k * B_STEP + column * B_COLUMN]);
#for i in 0..TILE
    sum$i = fma(f32(a[a$i + k]), v, sum$i);
#end
  }
#for i in 0..TILE
  if (row + $i < ROWS) {
#if BIAS
    sum$i += bias[column];
#end
    product[(row + $i) * COLUMNS + column] = $PRODUCT(sum$i);
  }
#end
}
