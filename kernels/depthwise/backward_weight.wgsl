// dweight[c,k,l] = Σ_{n,i,j} dy[n,c,i,j] · x[n,c, s·i+k−1, s·j+l−1], in slabs: each workgroup sums one channel's kernel
// over one slab of bands, a merge adds the slabs. A band is ROWS rows of dy, a vector of pixels wide; a lane walks it
// down, reading each row once.

#include "../common/vector.wgsl"
#include "../common/taps.wgsl"
#include "../common/lane_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x;
  let slab = group.y * SLAB;
  var top = vec3f();
  var middle = vec3f();
  var bottom = vec3f();
  for (var band = slab + lane; band < min(slab + SLAB, POSITIONS); band += LANES) {
    let j = band % ROW_OUT;
    let first = band / ROW_OUT % BANDS * ROWS;
    let end = min(first + ROWS, HEIGHT_OUT);
    let channel = band / (ROW_OUT * BANDS) * C + c;
    let plane = channel * HEIGHT_IN * ROW_IN;
#if STRIDE == 1
    // x row i−1 meets dy rows i−2, i−1 and i.
    var d2 = V();
    var d1 = V();
    for (var i = first; i < end + 2; i++) {
      let d0 = select(V(), V(dy[(channel * HEIGHT_OUT + min(i, HEIGHT_OUT - 1)) * ROW_OUT + j]), i < end);
      let row = taps(plane, i - 1, j);
      top += row_dots(d0, row);
      middle += row_dots(d1, row);
      bottom += row_dots(d2, row);
      d2 = d1;
      d1 = d0;
    }
#else
    // x row 2i−2 meets dy row i−1; x row 2i−1 meets that and dy row i.
    var d1 = V();
    for (var i = first; i < end + 1; i++) {
      let d0 = select(V(), V(dy[(channel * HEIGHT_OUT + min(i, HEIGHT_OUT - 1)) * ROW_OUT + j]), i < end);
      let odd = taps(plane, 2 * i - 1, j);
      top += row_dots(d0, odd);
      middle += row_dots(d1, taps(plane, 2 * i - 2, j));
      bottom += row_dots(d1, odd);
      d1 = d0;
    }
#end
  }
#for l in 0..3
  put($l, top[$l], lane);
  put($(3 + l), middle[$l], lane);
  put($(6 + l), bottom[$l], lane);
#end
  workgroupBarrier();
  for (var s = lane; s < SUMS; s += LANES) {
    partial[(group.y * C + c) * 9 + s] = total(s);
  }
}
