// dyang = dy · ∂fused/∂a and dyin = dy · ∂fused/∂i, where a is yang and i is yin; each only if it is wanted.

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read> yang: array<Stored>;
@group(0) @binding(1) var<storage, read> yin: array<Stored>;
@group(0) @binding(2) var<storage, read> dy: array<Stored>;
#if YANG
@group(0) @binding(3) var<storage, read_write> dyang: array<Stored>;
#end
#if YIN
@group(0) @binding(4) var<storage, read_write> dyin: array<Stored>;
#end

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * GROUPS_X + group.x) * LANES + lane;
  if (index < COUNT) {
    let a = V(yang[index]);
    let i = V(yin[index]);
    let d = V(dy[index]);
#if YANG
    dyang[index] = Stored(d * ($SLOPE_YANG));
#end
#if YIN
    dyin[index] = Stored(d * ($SLOPE_YIN));
#end
  }
}
