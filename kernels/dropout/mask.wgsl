// y[i] = x[i] / (1 − p) where element i is kept, else 0. Element i is kept if its random word is at least p · 2³². The
// backward pass is the same kernel on dy: the mask is drawn again, not stored.

#include "../common/vector.wgsl"
#include "../common/random.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> seed: vec2u; // seed, step
@group(0) @binding(2) var<storage, read_write> y: array<Stored>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * GROUPS_X + group.x) * LANES + lane;
  if (i >= COUNT) {
    return;
  }
#if WIDTH == 4
  let kept = random(seed.x, seed.y, STREAM, i) >= vec4u(THRESHOLD);
#else
  let kept = random(seed.x, seed.y, STREAM, i / 4)[i % 4] >= THRESHOLD;
#end
  y[i] = Stored(select(V(), V(x[i]) * f32(SCALE), kept));
}
