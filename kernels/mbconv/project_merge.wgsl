// Gradients of the projection's weight and of bn3, from the CHUNKS rows of project_backward_weight.wgsl. p̂ is p
// normalised by bn3; dp = γ·invstd·(dy − dβ/n − p̂·dγ/n):
//
//   dγ = Σ dy·p̂    dβ = Σ dy    dweight = Σ dp·z = γ·invstd·(M − dβ/n·Σz − dγ/n·Σp̂·z)
//
// Each thread computes one element of the weight.

#batch CHUNKS PIXELS
#sizes C_IN C_OUT GROUPS_X

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/backward_norm.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read> norms: array<Norm>;
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(5) var<storage, read_write> backward_norms: array<BackwardNorm>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let matrix = sizes.C_OUT * sizes.C_IN;
  let i = (group.y * sizes.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i >= matrix) {
    return;
  }
  let o = i / sizes.C_IN;
  let c = i % sizes.C_IN;
  var m = 0.0;
  var p_hat_z = 0.0;
  var gamma = 0.0;
  var dy = 0.0;
  var z = 0.0;
  for (var chunk = 0u; chunk < batch.CHUNKS; chunk++) {
    let first = chunk * (2 * matrix + 2 * sizes.C_OUT + sizes.C_IN);
    m += partial[first + i];
    p_hat_z += partial[first + matrix + i];
    gamma += partial[first + 2 * matrix + o];
    dy += partial[first + 2 * matrix + sizes.C_OUT + o];
    z += partial[first + 2 * matrix + 2 * sizes.C_OUT + c];
  }
  let norm = norms[o];
  let pixels = f32(batch.PIXELS);
  dweight[i] = norm.gamma * norm.invstd * (m - dy / pixels * z - gamma / pixels * p_hat_z);
  if (c == 0) {
    dgamma[o] = gamma;
    dbeta[o] = dy;
    backward_norms[o] = backward_norm_of(norm, gamma, dy, pixels);
  }
}
