// Adds up partial sums, those of many sums in one dispatch, always in the same order:
//
//   total[i] = Σ_row partial[row,column + i]
//
// The partial sums of several sums may lie side by side in the rows of one tensor, and several of these in one storage. The
// totals lie in one storage, too: that of all gradients in training. So few bindings serve many sums. GROUPS workgroups
// share the elements of a sum.

/// Where a sum and its partial sums lie, in elements of their storages. The launch fills it.
struct Sum {
  storage: u32, // which of the storages of partial sums
  first: u32,
  row: u32, // elements of a row
  rows: u32,
  total: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read_write> totals: array<f32>;
@group(0) @binding(1) var<storage, read> sums: array<Sum>;
#for k in 0..STORAGES
@group(0) @binding($(2 + k)) var<storage, read> partial$k: array<f32>;
#end

fn partial(storage: u32, i: u32) -> f32 {
  switch storage {
#for k in 1..STORAGES
    case $k: {
      return partial$k[i];
    }
#end
    default: {
      return partial0[i];
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let sum = sums[group.y];
  for (var i = group.x * WORKGROUP_SIZE + thread; i < sum.count; i += GROUPS * WORKGROUP_SIZE) {
    var total = 0.0;
    for (var row = 0u; row < sum.rows; row++) {
      total += partial(sum.storage, sum.first + row * sum.row + i);
    }
    totals[sum.total + i] = total;
  }
}
