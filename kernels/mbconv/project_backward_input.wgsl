// dz = projectᵀ · (bn3 backward of dy), where z = gate · a and a = act(u), u = γ·x̂ + β is bn2 of d. What the gate's and
// bn2's gradients need of each plane is summed on the way:
//
//   sums[n,c] = Σ_p (dz·a, dz·act′(u), dz·act′(u)·x̂)
//
// A team of TEAM lanes takes a plane of TILE_O channels of one image; small planes share a workgroup.

#sizes N PLANE_OUT

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

fn load(i: u32, c: u32, n: u32) -> V {
  return back(slopes[c], V(dy[i]), V(p[i]));
}

var<workgroup> team_sums: array<f32, LANES * 3 * TILE_O>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.y * TILE_O;
  let n = group.x * (LANES / TEAM) + lane / TEAM;
#for t in 0..TILE_O
  let norm$t = norms[min(o + $t, C_OUT - 1)];
#for k in 0..3
  var sum$(t)_$k = 0.0;
#end
#end
  for (var start = lane % TEAM; start < PLANE_OUT; start += TEAM * VECTORS) {
    var at: Pixels;
#for v in 0..VECTORS
    at.n$v = min(n, N - 1);
    at.source$v = min(start + $v * TEAM, PLANE_OUT - 1);
#end
    let tile = product(o, at);
#for v in 0..VECTORS
    if (n < N && start + $v * TEAM < PLANE_OUT) {
#for t in 0..TILE_O
#if OVERHANG
      if (o + $t < C_OUT) {
#else
      {
#end
        let i = (n * C_OUT + o + $t) * PLANE_OUT + at.source$v;
        let x_hat = x_hat(norm$t, V(d[i]));
        let u = affine(norm$t, x_hat);
        let du = tile.y$(t)_$v * $(ACTIVATION)_slope(u);
        sum$(t)_0 += dot_of(tile.y$(t)_$v, $(ACTIVATION)(u));
        sum$(t)_1 += sum_of(du);
        sum$(t)_2 += dot_of(du, x_hat);
        dz[i] = Stored(tile.y$(t)_$v);
      }
#end
    }
#end
  }
#for t in 0..TILE_O
#for k in 0..3
  team_sums[$(3 * t + k) * LANES + lane] = sum$(t)_$k;
#end
#end
  workgroupBarrier();
  // One after another: image, channel, sum.
  for (var s = lane; s < LANES / TEAM * 3 * TILE_O; s += LANES) {
    let team = s / (3 * TILE_O);
    let image = group.x * (LANES / TEAM) + team;
    let channel = o + s % (3 * TILE_O) / 3;
    if (image < N && channel < C_OUT) {
      var total = 0.0;
      for (var member = 0u; member < TEAM; member++) {
        total += team_sums[s % (3 * TILE_O) * LANES + team * TEAM + member];
      }
      sums[(image * C_OUT + channel) * 3 + s % 3] = total;
    }
  }
}
