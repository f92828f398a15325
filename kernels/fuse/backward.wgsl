// Back through a fusion formula of yang (a) and yin (i), pixel by pixel, to either or both:
//
//   dyang = dy · ∂fused/∂a    dyin = dy · ∂fused/∂i

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

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (index < batch.COUNT) {
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
