// Backward through the gate's two layers; a workgroup computes IMAGES images:
//
//   dreduced = act′(reduced) · (expand_weightᵀ · dexpanded)    [N,R]
//   dsqueezed = reduce_weightᵀ · dreduced                      [N,C]
//
// A thread computes one column of a weight matrix at a time, so that neighbouring threads read neighbouring weights, and
// uses each weight for all IMAGES. The including file binds `reduced`, both weights and `dreduced`, and defines the input
// and the output:
//   fn dexpanded_at(i: u32) -> f32                      element i of dexpanded [N,C]
//   fn write_dsqueezed(i: u32, dsqueezed: f32)          element i of dsqueezed [N,C]

#include "../common/activation.wgsl"

#batch N GROUPS_X
#sizes C R

var<workgroup> shared_dreduced: array<f32, SHARED>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first = (group.y * batch.GROUPS_X + group.x) * IMAGES;
#for i in 0..IMAGES
  let n$i = min(first + $i, batch.N - 1); // the last workgroup may compute the last image more than once
#end
  for (var r = thread; r < sizes.R; r += WORKGROUP_SIZE) {
#for i in 0..IMAGES
    var sum$i = 0.0;
#end
    for (var c = 0u; c < sizes.C; c++) {
      let weight = expand_weight[c * sizes.R + r];
#for i in 0..IMAGES
      sum$i += weight * dexpanded_at(n$i * sizes.C + c);
#end
    }
#for i in 0..IMAGES
    sum$i *= activation_slope(reduced[n$i * sizes.R + r]);
    dreduced[n$i * sizes.R + r] = sum$i;
    shared_dreduced[r * IMAGES + $i] = sum$i;
#end
  }
  workgroupBarrier();
  for (var c = thread; c < sizes.C; c += WORKGROUP_SIZE) {
#for i in 0..IMAGES
    var sum$i = 0.0;
#end
    for (var r = 0u; r < sizes.R; r++) {
      let weight = reduce_weight[r * sizes.C + c];
#for i in 0..IMAGES
      sum$i += weight * shared_dreduced[r * IMAGES + $i];
#end
    }
#for i in 0..IMAGES
    write_dsqueezed(n$i * sizes.C + c, sum$i);
#end
  }
}
