// dweight[c,k,l] = Σ_{n,i,j} dy[n,c,i,j] · x[n,c, s·i+k−1, s·j+l−1], in slabs: each workgroup sums one channel's kernel
// over one slab of bands, a merge adds the slabs. A band is ROWS rows of dy, a vector of pixels wide; a lane walks it
// down, reading each row once.

#batch POSITIONS SLAB
#sizes C HEIGHT_OUT ROW_OUT ROWS BANDS

#include "../common/vector.wgsl"
#include "../common/taps.wgsl"
#include "../common/plain_pixels.wgsl"
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
    let channel = band / (ROW_OUT * BANDS) * C + c;
    let plane = channel * HEIGHT_IN * ROW_IN;
    // Rows of dy are counted through all planes.
    let origin = channel * HEIGHT_OUT;
    let first = origin + band / ROW_OUT % BANDS * ROWS;
    let end = min(first + ROWS, origin + HEIGHT_OUT);
#if STRIDE == 1
    // The row of x above row r of dy meets rows r−2, r−1 and r.
    var d2 = V();
    var d1 = V();
    for (var r = first; r < end + 2; r++) {
      let d0 = select(V(), V(dy[min(r, end - 1) * ROW_OUT + j]), r < end);
      let above = taps(plane, r - origin - 1, j);
      top += row_dots(d0, above);
      middle += row_dots(d1, above);
      bottom += row_dots(d2, above);
      d2 = d1;
      d1 = d0;
    }
#else
    // Of the two rows of x above row r of dy, both meet row r−1, and the lower one row r.
    var d1 = V();
    for (var r = first; r < end + 1; r++) {
      let d0 = select(V(), V(dy[min(r, end - 1) * ROW_OUT + j]), r < end);
      let even = taps(plane, 2 * (r - origin) - 2, j);
      let odd = taps(plane, 2 * (r - origin) - 1, j);
      top += row_dots(d0, odd);
      middle += row_dots(d1, even);
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
