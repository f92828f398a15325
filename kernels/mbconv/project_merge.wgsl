// The gradients of the projecting weight and of bn3 behind it, from the sums of project_backward_weight.wgsl over SLABS
// slabs. With dp = γ·invstd·(dy − dβ/n − p̂·dγ/n):
//
//   dγ = Σ dy·p̂    dβ = Σ dy    dweight = Σ dp·z = γ·invstd·(M − dβ/n·Σz − dγ/n·Σp̂·z)
//
// A thread an element of the weight.

#batch SLABS PIXELS
#sizes C_IN C_OUT

#include "../common/vector.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read> norms: array<Norm>;
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> dbeta: array<f32>;
@group(0) @binding(5) var<storage, read_write> slopes: array<Slope>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let matrix = C_OUT * C_IN;
  let i = id.x;
  if (i >= matrix) {
    return;
  }
  let o = i / C_IN;
  let c = i % C_IN;
  var m = 0.0;
  var p_z = 0.0;
  var dy_p = 0.0;
  var dy = 0.0;
  var z = 0.0;
  for (var slab = 0u; slab < SLABS; slab++) {
    let first = slab * (2 * matrix + 2 * C_OUT + C_IN);
    m += partial[first + i];
    p_z += partial[first + matrix + i];
    dy_p += partial[first + 2 * matrix + o];
    dy += partial[first + 2 * matrix + C_OUT + o];
    z += partial[first + 2 * matrix + 2 * C_OUT + c];
  }
  let norm = norms[o];
  let pixels = f32(PIXELS);
  let gamma = norm.invstd * (dy_p - norm.mean * dy);
  let p_hat_z = norm.invstd * (p_z - norm.mean * z);
  dweight[i] = norm.gamma * norm.invstd * (m - dy / pixels * z - gamma / pixels * p_hat_z);
  if (c == 0) {
    dgamma[o] = gamma;
    dbeta[o] = dy;
    slopes[o] = slope_of(norm, gamma, dy, pixels);
  }
}
