// Backward through the gate's two layers:
//
//   dreduced = act′(reduced) · (expand_weightᵀ · dexpanded)    [N,R]
//   dsqueezed = reduce_weightᵀ · dreduced                      [N,C]
//   dreduce_weight[r,c] = Σ_n dreduced[n,r]·squeezed[n,c]           dreduce_bias[r] = Σ_n dreduced[n,r]
//   dexpand_weight[c,r] = Σ_n dexpanded[n,c]·act(reduced[n,r])      dexpand_bias[c] = Σ_n dexpanded[n,c]
//
// A workgroup takes every ROWS-th group of IMAGES images (AGAIN: some workgroups take several) and writes one row of partial
// sums of the weights and biases, [R·C | R | C·R | C], which reduce/merge.wgsl adds. A thread computes one column of a weight
// matrix at a time, so that neighbouring threads access neighbouring weights, and uses each weight for all IMAGES. The
// including file binds `squeezed`, `reduced`, both weights and `partial`, and defines the input and the output:
//   fn dexpanded_at(i: u32) -> f32                      element i of dexpanded [N,C]
//   fn squeezed_at(i: u32) -> f32                       element i of squeezed [N,C]
//   fn write_dsqueezed(i: u32, dsqueezed: f32)          element i of dsqueezed [N,C]

#include "../common/activation.wgsl"

#batch N ROWS
#sizes C R

var<workgroup> shared_dreduced: array<f32, SHARED>;

/// Adds to a partial sum; the workgroup's first images begin it.
fn add(i: u32, value: f32, is_first: bool) {
#if AGAIN
  if (!is_first) {
    partial[i] += value;
    return;
  }
#end
  partial[i] = value;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let matrix = sizes.R * sizes.C;
  let dreduce_weight = group.x * (2 * matrix + sizes.R + sizes.C);
  let dreduce_bias = dreduce_weight + matrix;
  let dexpand_weight = dreduce_bias + sizes.R;
  let dexpand_bias = dexpand_weight + matrix;
  for (var images = group.x; images * IMAGES < batch.N; images += batch.ROWS) {
    let is_first = images == group.x;
    let first = images * IMAGES;
#for i in 0..IMAGES
    let n$i = min(first + $i, batch.N - 1); // the last workgroup may compute the last image more than once,
    let counts$i = f32(first + $i < batch.N); // but adds it once
#end
    for (var r = thread; r < sizes.R; r += WORKGROUP_SIZE) {
#for i in 0..IMAGES
      let reduced$i = reduced[n$i * sizes.R + r];
      let hidden$i = counts$i * activation(reduced$i);
      var sum$i = 0.0;
#end
      for (var c = 0u; c < sizes.C; c++) {
        let weight = expand_weight[c * sizes.R + r];
        var gradient = 0.0;
#for i in 0..IMAGES
        let dexpanded$i = dexpanded_at(n$i * sizes.C + c);
        sum$i += weight * dexpanded$i;
        gradient += hidden$i * dexpanded$i;
#end
        add(dexpand_weight + c * sizes.R + r, gradient, is_first);
      }
      var bias = 0.0;
#for i in 0..IMAGES
      sum$i *= activation_slope(reduced$i);
      shared_dreduced[r * IMAGES + $i] = sum$i;
      bias += counts$i * sum$i;
#end
      add(dreduce_bias + r, bias, is_first);
    }
    workgroupBarrier();
    for (var c = thread; c < sizes.C; c += WORKGROUP_SIZE) {
      var bias = 0.0;
#for i in 0..IMAGES
      let squeezed$i = counts$i * squeezed_at(n$i * sizes.C + c);
      bias += counts$i * dexpanded_at(n$i * sizes.C + c);
      var sum$i = 0.0;
#end
      add(dexpand_bias + c, bias, is_first);
      for (var r = 0u; r < sizes.R; r++) {
        let weight = reduce_weight[r * sizes.C + c];
        var gradient = 0.0;
#for i in 0..IMAGES
        let dreduced$i = shared_dreduced[r * IMAGES + $i];
        sum$i += weight * dreduced$i;
        gradient += dreduced$i * squeezed$i;
#end
        add(dreduce_weight + r * sizes.C + c, gradient, is_first);
      }
#for i in 0..IMAGES
      write_dsqueezed(n$i * sizes.C + c, sum$i);
#end
    }
    workgroupBarrier();
  }
}
