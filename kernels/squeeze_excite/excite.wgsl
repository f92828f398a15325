// The two small layers of a squeeze-and-excitation gate, for IMAGES images a workgroup:
//
//   reduced = reduce_weight · squeezed + reduce_bias        [N,R]
//   gate = g(expand_weight · act(reduced) + expand_bias)    [N,C]
//
// A lane takes one row of a weight matrix at a time and reads it once for all IMAGES.

#include "../common/activation.wgsl"

#batch N
#sizes C R

@group(0) @binding(0) var<storage, read> squeezed: array<f32>;
@group(0) @binding(1) var<storage, read> reduce_weight: array<f32>;
@group(0) @binding(2) var<storage, read> reduce_bias: array<f32>;
@group(0) @binding(3) var<storage, read> expand_weight: array<f32>;
@group(0) @binding(4) var<storage, read> expand_bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> reduced: array<f32>;
@group(0) @binding(6) var<storage, read_write> gate: array<f32>;

var<workgroup> hidden: array<f32, SHARED>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * IMAGES;
#for i in 0..IMAGES
  let n$i = min(first + $i, N - 1); // the last workgroup may do the last image more than once
#end
  for (var r = lane; r < R; r += LANES) {
#for i in 0..IMAGES
    var sum$i = reduce_bias[r];
#end
    for (var c = 0u; c < C; c++) {
      let weight = reduce_weight[r * C + c];
#for i in 0..IMAGES
      sum$i += weight * squeezed[n$i * C + c];
#end
    }
#for i in 0..IMAGES
    reduced[n$i * R + r] = sum$i;
    hidden[r * IMAGES + $i] = $(ACTIVATION)(sum$i);
#end
  }
  workgroupBarrier();
  for (var c = lane; c < C; c += LANES) {
#for i in 0..IMAGES
    var sum$i = expand_bias[c];
#end
    for (var r = 0u; r < R; r++) {
      let weight = expand_weight[c * R + r];
#for i in 0..IMAGES
      sum$i += weight * hidden[r * IMAGES + $i];
#end
    }
#for i in 0..IMAGES
    gate[n$i * C + c] = $(GATE)(sum$i);
#end
  }
}
