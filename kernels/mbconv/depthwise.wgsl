// d = depthwise ∗ act(bn1(e)): bn1 comes out of e's moments and is applied where e is read, and d's moments are left for
// bn2. A workgroup stays in one channel and takes SLAB of its bands.

#batch POSITIONS SLAB

#include "../common/activation.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<Stored>;
@group(0) @binding(7) var<storage, read_write> left: array<vec4f>;

#include "../batch_norm/keep.wgsl"
#include "../batch_norm/lane_moments.wgsl"
#include "../depthwise/walk.wgsl"

var<private> norm: Norm;

fn pixels(i: u32) -> V {
  return $(ACTIVATION)(normalized(norm, V(x[i])));
}

fn neighbours(left: u32, right: u32) -> vec2f {
#if WIDTH == 4
  return $(ACTIVATION)(normalized(norm, V(f32(x[left].w), f32(x[right].x), 0.0, 0.0))).xy;
#else
  return vec2f(pixels(left), pixels(right));
#end
}

fn emit(i: u32, sum: V) {
  y[i] = Stored(sum);
  note0(sum);
  counted();
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let batch = batch_moments(c, lane);
  norm = norm_of(c, batch);
  if (group.y == 0 && lane == 0) {
    keep(c, norm, batch);
  }
  let end = min((group.y + 1) * SLAB, POSITIONS);
  for (var band = group.y * SLAB + lane; band < end; band += LANES) {
    walk(c, band);
  }
  leave(group.y, c, lane);
}
