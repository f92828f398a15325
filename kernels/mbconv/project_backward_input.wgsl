// Gradient of z = gate·act(u), u = γ·x̂ + β = bn2(d), through the projection and bn3, and sums over each plane for the
// gradients of the gate and of bn2:
//
//   dz[n,c,q] = Σ_o weight[o,c]·dp[n,o,q], where dp is the gradient of p, computed from dy and p where they are read
//   sums[part,n,c] = Σ_q (dz·act(u), dz·act′(u), dz·act′(u)·x̂)      over the PART vectors of a part of the plane
//
// THREADS_PER_PLANE threads take a part of a plane of TILE_O channels of one image: small planes share a workgroup, large
// planes are cut into parts.

#batch N GROUPS_X PARTS PART
#sizes PLANE_OUT THREADS_PER_PLANE

#include "../common/activation.wgsl"
#include "../batch_norm/norm.wgsl"
#include "../batch_norm/backward_norm.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> p: array<Stored>;
@group(0) @binding(2) var<storage, read> backward_norms: array<BackwardNorm>; // of bn3
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> d: array<Stored>;
@group(0) @binding(5) var<storage, read> norms: array<Norm>; // of bn2
@group(0) @binding(6) var<storage, read_write> dz: array<Stored>;
@group(0) @binding(7) var<storage, read_write> sums: array<f32>;

#include "../pointwise/product.wgsl"

fn load0(i: u32, c: u32, n: u32) -> V {
  return input_gradient(backward_norms[c], V(dy[i]), V(p[i]));
}

#for t in 0..TILE_O
var<private> sums$t: vec3f;
#end
var<private> first: u32; // first channel of the tile

fn finish(o: u32, n: u32, at: u32, y: V) {
  let i = (n * sizes.C_OUT + o) * sizes.PLANE_OUT + at;
  dz[i] = Stored(y);
  let norm = norms[o];
  let normal_d = x_hat(norm, V(d[i]));
  let u = affine(norm, normal_d);
  let du = y * activation_slope(u);
  let terms = vec3f(dot_of(y, activation(u)), sum_of(du), dot_of(du, normal_d));
#for t in 0..TILE_O
  sums$t += select(vec3f(), terms, o - first == $t);
#end
}

var<workgroup> sums_of_threads: array<f32, WORKGROUP_SIZE * 3 * TOGETHER>;

/// Adds up what the threads of each plane have stored, of TOGETHER channels from `start` on in each slice.
fn add_threads(part: u32, first_image: u32, start: u32, thread: u32) {
  let planes = LANES / sizes.THREADS_PER_PLANE;
  // s counts the sums: slice, then image, then channel, then which of the three.
  for (var s = thread; s < SLICES * planes * 3 * TOGETHER; s += WORKGROUP_SIZE) {
    let team = s / (3 * TOGETHER); // the threads that share a plane
    let n = first_image + team % planes;
    let c = start + team / planes * TILE_O + s % (3 * TOGETHER) / 3;
    if (n < batch.N && c < sizes.C_OUT) {
      var total = 0.0;
      for (var member = 0u; member < sizes.THREADS_PER_PLANE; member++) {
        // another bank for each thread
        total += sums_of_threads[
          s % (3 * TOGETHER) * WORKGROUP_SIZE + team * sizes.THREADS_PER_PLANE + (member + s) % sizes.THREADS_PER_PLANE
        ];
      }
      sums[((part * batch.N + n) * sizes.C_OUT + c) * 3 + s % 3] = total;
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  first = first_channel(group.y, thread);
  let lane = lane_of(thread);
  let parts = group.z * batch.GROUPS_X + group.x; // counted through all images
  let part = parts % batch.PARTS;
  let first_image = parts / batch.PARTS * (LANES / sizes.THREADS_PER_PLANE);
  let image = first_image + lane / sizes.THREADS_PER_PLANE;
  let end = min((part + 1) * batch.PART, sizes.PLANE_OUT);
  for (var step = part * batch.PART; step < end; step += sizes.THREADS_PER_PLANE * VECTORS) {
    let start = step + lane % sizes.THREADS_PER_PLANE;
    var at: Pixels;
    var p: array<u32, VECTORS>;
    var inside: array<bool, VECTORS>;
#for v in 0..VECTORS
    inside[$v] = image < batch.N && start + $v * sizes.THREADS_PER_PLANE < end;
    p[$v] = min(start + $v * sizes.THREADS_PER_PLANE, sizes.PLANE_OUT - 1);
    at.n$v = min(image, batch.N - 1);
    at.source$v = p[$v];
#end
    finish_tile(first, product(first, at, thread), at, p, inside);
  }
  let first_of_group = group.y * SLICES * TILE_O;
#for t in 0..TILE_O
#for k in 0..3
  sums_of_threads[($t % TOGETHER * 3 + $k) * WORKGROUP_SIZE + thread] = sums$t[$k];
#end
#if SLICES > 1
  workgroupBarrier();
  add_threads(part, first_image, first_of_group + $t, thread);
  workgroupBarrier();
#end
#end
#if SLICES == 1
  workgroupBarrier();
  add_threads(part, first_image, first_of_group, thread);
#end
}
