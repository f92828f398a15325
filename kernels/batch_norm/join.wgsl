// y = act(bn(x) (+ skip)): bn comes out of x's moments, and y's own are left for a normalisation to come. A workgroup stays
// in one channel and takes one slab of its pixels.

#include "../common/activation.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
#if SKIP
@group(0) @binding(5) var<storage, read> skip: array<Stored>;
#end
@group(0) @binding(6) var<storage, read_write> y: array<Stored>;
#if LEAVE
@group(0) @binding(7) var<storage, read_write> left: array<vec4f>;
#end

#include "./keep.wgsl"
#include "./slab.wgsl"
#if LEAVE
#include "./lane_moments.wgsl"
#end

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let slab = group.y;
  let batch = batch_moments(c, lane);
  let norm = norm_of(c, batch);
  if (slab == 0 && lane == 0) {
    keep(c, norm, batch);
  }
  var k = slab * SLAB + lane;
  var at = cursor(k, c);
  for (; k < slab_end(slab); k += LANES) {
#if SKIP
    let v = $(ACTIVATION)(normalized(norm, V(x[at.i])) + V(skip[at.i]));
#else
    let v = $(ACTIVATION)(normalized(norm, V(x[at.i])));
#end
    y[at.i] = Stored(v);
#if LEAVE
    note0(v);
    counted();
#end
    at = advance(at);
  }
#if LEAVE
  leave(slab, c, lane);
#end
}
