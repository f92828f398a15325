// dW[o,c] = Σ_{n,p} dy[n,o,p] · x[n,c,s·p], in slabs: each workgroup sums one TILE_O × TILE_C tile of the matrix over one
// slab of (n,p), its lanes taking every LANES-th vector of pixels; a merge adds the slabs.

#sizes POSITIONS SLAB

#include "../common/vector.wgsl"
#include "../common/lane_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * TILE_O;
  let c = group.y * TILE_C;
  let slab = group.z * SLAB;
#for i in 0..TILE_O
#for j in 0..TILE_C
  var sum$(i)_$j = 0.0;
#end
#end
  for (var position = slab + lane; position < min(slab + SLAB, POSITIONS); position += LANES) {
    let n = position / PLANE_OUT;
    let p = position % PLANE_OUT;
#if STRIDE == 1
    let source = p;
#else
    let source = p / WIDTH_OUT * STRIDE * WIDTH_IN + p % WIDTH_OUT * STRIDE;
#end
#for i in 0..TILE_O
    let d$i = V(dy[(n * C_OUT + min(o + $i, C_OUT - 1)) * PLANE_OUT + p]);
#end
#for j in 0..TILE_C
    let x$j = V(x[(n * C_IN + min(c + $j, C_IN - 1)) * PLANE_IN + source]);
#end
#for i in 0..TILE_O
#for j in 0..TILE_C
    sum$(i)_$j += dot_of(d$i, x$j);
#end
#end
  }
#for i in 0..TILE_O
#for j in 0..TILE_C
  put($(i * TILE_C + j), sum$(i)_$j, lane);
#end
#end
  workgroupBarrier();
  for (var k = lane; k < SUMS; k += LANES) {
    let row = o + k / TILE_C;
    let column = c + k % TILE_C;
    if (row < C_OUT && column < C_IN) {
      partial[(group.z * C_OUT + row) * C_IN + column] = total(k);
    }
  }
}
