// Gradients of a gate's two small layers, summed over the batch:
//
//   z = 0:  dreduce_weight[r,c] = Σ_n dreduced[n,r]·squeezed[n,c]           dreduce_bias[r] = Σ_n dreduced[n,r]
//   z = 1:  dexpand_weight[c,r] = Σ_n dexpanded[n,c]·act(reduced[n,r])      dexpand_bias[c] = Σ_n dexpanded[n,c]
//
// A thread takes one weight; neighbouring lanes take neighbouring ones.

#include "../common/activation.wgsl"

#batch N
#sizes C R

@group(0) @binding(0) var<storage, read> squeezed: array<f32>;
@group(0) @binding(1) var<storage, read> dreduced: array<f32>;
@group(0) @binding(2) var<storage, read> reduced: array<f32>;
@group(0) @binding(3) var<storage, read> dexpanded: array<f32>;
@group(0) @binding(4) var<storage, read_write> dreduce_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dreduce_bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> dexpand_weight: array<f32>;
@group(0) @binding(7) var<storage, read_write> dexpand_bias: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.x * LANES + lane;
  if (i >= C * R) {
    return;
  }
  var weight = 0.0;
  var bias = 0.0;
  if (group.z == 0) {
    let r = i / C;
    let c = i % C;
    for (var n = 0u; n < N; n++) {
      let d = dreduced[n * R + r];
      weight += d * squeezed[n * C + c];
      bias += d;
    }
    dreduce_weight[i] = weight;
    if (c == 0) {
      dreduce_bias[r] = bias;
    }
  } else {
    let c = i / R;
    let r = i % R;
    for (var n = 0u; n < N; n++) {
      let d = dexpanded[n * C + c];
      weight += d * $(ACTIVATION)(reduced[n * R + r]);
      bias += d;
    }
    dexpand_weight[i] = weight;
    if (r == 0) {
      dexpand_bias[c] = bias;
    }
  }
}
