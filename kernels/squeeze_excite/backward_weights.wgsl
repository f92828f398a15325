// Gradients of the weights and biases of the gate's two layers, summed over the batch:
//
//   z = 0:  dreduce_weight[r,c] = Σ_n dreduced[n,r]·squeezed[n,c]           dreduce_bias[r] = Σ_n dreduced[n,r]
//   z = 1:  dexpand_weight[c,r] = Σ_n dexpanded[n,c]·act(reduced[n,r])      dexpand_bias[c] = Σ_n dexpanded[n,c]
//
// Each thread computes one weight.

#include "../common/activation.wgsl"

#batch N
#sizes C R GROUPS_X

@group(0) @binding(0) var<storage, read> squeezed: array<f32>;
@group(0) @binding(1) var<storage, read> dreduced: array<f32>;
@group(0) @binding(2) var<storage, read> reduced: array<f32>;
@group(0) @binding(3) var<storage, read> dexpanded: array<f32>;
@group(0) @binding(4) var<storage, read_write> dreduce_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dreduce_bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> dexpand_weight: array<f32>;
@group(0) @binding(7) var<storage, read_write> dexpand_bias: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * sizes.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= sizes.C * sizes.R) {
    return;
  }
  var weight = 0.0;
  var bias = 0.0;
  if (group.z == 0) {
    let r = i / sizes.C;
    let c = i % sizes.C;
    for (var n = 0u; n < batch.N; n++) {
      let d = dreduced[n * sizes.R + r];
      weight += d * squeezed[n * sizes.C + c];
      bias += d;
    }
    dreduce_weight[i] = weight;
    if (c == 0) {
      dreduce_bias[r] = bias;
    }
  } else {
    let c = i / sizes.R;
    let r = i % sizes.R;
    for (var n = 0u; n < batch.N; n++) {
      let d = dexpanded[n * sizes.C + c];
      weight += d * activation(reduced[n * sizes.R + r]);
      bias += d;
    }
    dexpand_weight[i] = weight;
    if (r == 0) {
      dexpand_bias[c] = bias;
    }
  }
}
