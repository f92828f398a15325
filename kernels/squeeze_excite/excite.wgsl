// The two layers of a squeeze-and-excitation gate; a workgroup computes IMAGES images:
//
//   reduced = reduce_weight · squeezed + reduce_bias        [N,R]
//   gate = g(expand_weight · act(reduced) + expand_bias)    [N,C]
//
// A thread computes one row of a weight matrix at a time and uses each weight for all IMAGES. `squeezed` has SQUEEZED_STEP
// numbers for each plane, the first of which is the mean.

#include "../common/activation.wgsl"
#include "./gate.wgsl"

#batch N GROUPS_X
#sizes C R

@group(0) @binding(0) var<storage, read> squeezed: array<f32>;
@group(0) @binding(1) var<storage, read> reduce_weight: array<f32>;
@group(0) @binding(2) var<storage, read> reduce_bias: array<f32>;
@group(0) @binding(3) var<storage, read> expand_weight: array<f32>;
@group(0) @binding(4) var<storage, read> expand_bias: array<f32>;
@group(0) @binding(5) var<storage, read_write> reduced: array<f32>;
@group(0) @binding(6) var<storage, read_write> gate: array<f32>;
#if !GATE_SAVES_VALUE
@group(0) @binding(7) var<storage, read_write> saved: array<f32>;
#end

var<workgroup> hidden: array<f32, SHARED>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first = (group.y * batch.GROUPS_X + group.x) * IMAGES;
#for i in 0..IMAGES
  let n$i = min(first + $i, batch.N - 1); // the last workgroup may compute the last image more than once
#end
  for (var r = thread; r < sizes.R; r += WORKGROUP_SIZE) {
#for i in 0..IMAGES
    var sum$i = reduce_bias[r];
#end
    for (var c = 0u; c < sizes.C; c++) {
      let weight = reduce_weight[r * sizes.C + c];
#for i in 0..IMAGES
      sum$i += weight * squeezed[(n$i * sizes.C + c) * SQUEEZED_STEP];
#end
    }
#for i in 0..IMAGES
    reduced[n$i * sizes.R + r] = sum$i;
    hidden[r * IMAGES + $i] = activation(sum$i);
#end
  }
  workgroupBarrier();
  for (var c = thread; c < sizes.C; c += WORKGROUP_SIZE) {
#for i in 0..IMAGES
    var sum$i = expand_bias[c];
#end
    for (var r = 0u; r < sizes.R; r++) {
      let weight = expand_weight[c * sizes.R + r];
#for i in 0..IMAGES
      sum$i += weight * hidden[r * IMAGES + $i];
#end
    }
#for i in 0..IMAGES
    gate[n$i * sizes.C + c] = gate_of(sum$i);
#if !GATE_SAVES_VALUE
    saved[n$i * sizes.C + c] = sum$i;
#end
#end
  }
}
