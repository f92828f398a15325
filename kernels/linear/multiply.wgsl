// Product of two small matrices, the second of which is stored by rows or by columns:
//
//   product[r,c] = Σ_k a[r,k] · b[k·B_STEP + c·B_COLUMN] (+ bias[c])
//
// A thread computes TILE rows of one column in registers. The threads of a workgroup take neighbouring columns, so that the
// elements of `a` have the same address for all of them.

#if HALF
enable f16;
#end

#batch ROWS GROUPS_Y
#sizes COLUMNS DEPTH B_STEP B_COLUMN

@group(0) @binding(0) var<storage, read> a: array<$A>;
@group(0) @binding(1) var<storage, read> b: array<$B>;
#if BIAS
@group(0) @binding(2) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> product: array<$PRODUCT>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * WORKGROUP_SIZE + thread;
  if (column >= sizes.COLUMNS) {
    return;
  }
  let row = (group.z * batch.GROUPS_Y + group.y) * TILE;
#for i in 0..TILE
  let a$i = min(row + $i, batch.ROWS - 1) * sizes.DEPTH; // rows past the end are not stored
  var sum$i = 0.0;
#end
  for (var k = 0u; k < sizes.DEPTH; k++) {
    let v = f32(b[k * sizes.B_STEP + column * sizes.B_COLUMN]);
#for i in 0..TILE
    sum$i = fma(f32(a[a$i + k]), v, sum$i);
#end
  }
#for i in 0..TILE
  if (row + $i < batch.ROWS) {
#if BIAS
    sum$i += bias[column];
#end
    product[(row + $i) * sizes.COLUMNS + column] = $PRODUCT(sum$i);
  }
#end
}
