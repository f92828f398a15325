// dz = projectᵀ · (bn3 backward of dy), where z = gate · a and a = act(u), u = γ·x̂ + β is bn2 of d. What the gate's and
// bn2's gradients need of each plane is summed on the way:
//
//   sums[n,c] = Σ_p (dz·a, dz·act′(u), dz·act′(u)·x̂)
//
// A team of TEAM lanes takes a plane of TILE_O channels of one image; small planes share a workgroup.

#batch N
#sizes PLANE_OUT TEAM

#include "../common/activation.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/slope.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> p: array<Stored>;
@group(0) @binding(2) var<storage, read> slopes: array<Slope>; // of bn3
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> d: array<Stored>;
@group(0) @binding(5) var<storage, read> norms: array<Norm>; // of bn2
@group(0) @binding(6) var<storage, read_write> dz: array<Stored>;
@group(0) @binding(7) var<storage, read_write> sums: array<f32>;

#include "../pointwise/product.wgsl"

fn load0(i: u32, c: u32, n: u32) -> V {
  return back(slopes[c], V(dy[i]), V(p[i]));
}

#for t in 0..TILE_O
var<private> sums$t: vec3f;
#end
var<private> first: u32; // channel of the tile

fn finish(o: u32, n: u32, at: u32, y: V) {
  let i = (n * C_OUT + o) * PLANE_OUT + at;
  dz[i] = Stored(y);
  let norm = norms[o];
  let normal_d = x_hat(norm, V(d[i]));
  let u = affine(norm, normal_d);
  let du = y * $(ACTIVATION)_slope(u);
  let terms = vec3f(dot_of(y, $(ACTIVATION)(u)), sum_of(du), dot_of(du, normal_d));
#for t in 0..TILE_O
  sums$t += select(vec3f(), terms, o - first == $t);
#end
}

var<workgroup> team_sums: array<f32, LANES * 3 * TILE_O>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  first = group.y * TILE_O;
  let image = group.x * (LANES / TEAM) + lane / TEAM;
  for (var step = 0u; step < PLANE_OUT; step += TEAM * VECTORS) {
    let start = step + lane % TEAM;
    var at: Pixels;
    var p: array<u32, VECTORS>;
    var inside: array<bool, VECTORS>;
#for v in 0..VECTORS
    inside[$v] = image < N && start + $v * TEAM < PLANE_OUT;
    p[$v] = min(start + $v * TEAM, PLANE_OUT - 1);
    at.n$v = min(image, N - 1);
    at.source$v = p[$v];
#end
    finish_tile(first, product(first, at), at, p, inside);
  }
#for t in 0..TILE_O
#for k in 0..3
  team_sums[$(3 * t + k) * LANES + lane] = sums$t[$k];
#end
#end
  workgroupBarrier();
  // One after another: image, channel, sum.
  for (var s = lane; s < LANES / TEAM * 3 * TILE_O; s += LANES) {
    let team = s / (3 * TILE_O);
    let n = group.x * (LANES / TEAM) + team;
    let channel = first + s % (3 * TILE_O) / 3;
    if (n < N && channel < C_OUT) {
      var total = 0.0;
      for (var member = 0u; member < TEAM; member++) {
        total += team_sums[s % (3 * TILE_O) * LANES + team * TEAM + (member + s) % TEAM]; // each lane in another bank
      }
      sums[(n * C_OUT + channel) * 3 + s % 3] = total;
    }
  }
}
