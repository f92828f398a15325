// Back through a gate's two small layers, for IMAGES images a workgroup:
//
//   dreduced = act′(reduced) · (expand_weightᵀ · dexpanded)    [N,R]
//   dsqueezed = reduce_weightᵀ · dreduced                      [N,C]
//
// A lane takes one column of a weight matrix at a time, so that neighbouring lanes read neighbouring weights. Whoever
// includes this binds reduced, the two weights and dreduced, says what comes and takes what is computed:
//   fn dexpanded_at(i: u32) -> f32      fn give(i: u32, dsqueezed: f32)

#include "../common/activation.wgsl"

#batch N
#sizes C R

var<workgroup> shared_dreduced: array<f32, SHARED>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * IMAGES;
#for i in 0..IMAGES
  let n$i = min(first + $i, N - 1); // the last workgroup may do the last image more than once
#end
  for (var r = lane; r < R; r += LANES) {
#for i in 0..IMAGES
    var sum$i = 0.0;
#end
    for (var c = 0u; c < C; c++) {
      let weight = expand_weight[c * R + r];
#for i in 0..IMAGES
      sum$i += weight * dexpanded_at(n$i * C + c);
#end
    }
#for i in 0..IMAGES
    sum$i *= $(ACTIVATION)_slope(reduced[n$i * R + r]);
    dreduced[n$i * R + r] = sum$i;
    shared_dreduced[r * IMAGES + $i] = sum$i;
#end
  }
  workgroupBarrier();
  for (var c = lane; c < C; c += LANES) {
#for i in 0..IMAGES
    var sum$i = 0.0;
#end
    for (var r = 0u; r < R; r++) {
      let weight = reduce_weight[r * C + c];
#for i in 0..IMAGES
      sum$i += weight * shared_dreduced[r * IMAGES + $i];
#end
    }
#for i in 0..IMAGES
    give(n$i * C + c, sum$i);
#end
  }
}
