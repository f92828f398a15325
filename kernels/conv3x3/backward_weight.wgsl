// dweight[o,c,k,l] = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, s·i+k−1, s·j+l−1], in slabs: each workgroup sums the kernels from
// one input channel to TILE_O output channels over one slab of bands, a merge adds the slabs. A band is ROWS rows of dy,
// a vector of pixels wide; a lane walks it down, reading each row once.

#batch POSITIONS SLAB
#sizes C_IN C_OUT HEIGHT_OUT ROW_OUT ROWS BANDS

#include "../common/vector.wgsl"
#include "../common/taps.wgsl"
#include "../common/plain_pixels.wgsl"
#include "../common/lane_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * TILE_O;
  let c = group.y;
  let slab = group.z * SLAB;
#for t in 0..TILE_O
  var top$t = vec3f();
  var middle$t = vec3f();
  var bottom$t = vec3f();
#end
  for (var band = slab + lane; band < min(slab + SLAB, POSITIONS); band += LANES) {
    let j = band % ROW_OUT;
    let n = band / (ROW_OUT * BANDS);
    let plane = (n * C_IN + c) * HEIGHT_IN * ROW_IN;
    // Rows are counted through all planes of dy, from those of its channel o.
    let origin = (n * C_OUT + o) * HEIGHT_OUT;
    let first = origin + band / ROW_OUT % BANDS * ROWS;
    let end = min(first + ROWS, origin + HEIGHT_OUT);
#for t in 0..TILE_O
    var d1_$t = V(); // row r−1 of dy
#if STRIDE == 1
    var d2_$t = V();
#end
#end
#if STRIDE == 1
    // The row of x above row r of dy meets rows r−2, r−1 and r.
    for (var r = first; r < end + 2; r++) {
      let above = taps(plane, r - origin - 1, j);
#for t in 0..TILE_O
      let d0_$t = select(V(), V(dy[(min(r, end - 1) + min($t, C_OUT - 1 - o) * HEIGHT_OUT) * ROW_OUT + j]), r < end);
      top$t += row_dots(d0_$t, above);
      middle$t += row_dots(d1_$t, above);
      bottom$t += row_dots(d2_$t, above);
      d2_$t = d1_$t;
      d1_$t = d0_$t;
#end
    }
#else
    // Of the two rows of x above row r of dy, both meet row r−1, and the lower one row r.
    for (var r = first; r < end + 1; r++) {
      let even = taps(plane, 2 * (r - origin) - 2, j);
      let odd = taps(plane, 2 * (r - origin) - 1, j);
#for t in 0..TILE_O
      let d0_$t = select(V(), V(dy[(min(r, end - 1) + min($t, C_OUT - 1 - o) * HEIGHT_OUT) * ROW_OUT + j]), r < end);
      top$t += row_dots(d0_$t, odd);
      middle$t += row_dots(d1_$t, even);
      bottom$t += row_dots(d1_$t, odd);
      d1_$t = d0_$t;
#end
    }
#end
  }
#for t in 0..TILE_O
#for l in 0..3
  put($(9 * t + l), top$t[$l], lane);
  put($(9 * t + 3 + l), middle$t[$l], lane);
  put($(9 * t + 6 + l), bottom$t[$l], lane);
#end
#end
  workgroupBarrier();
  for (var s = lane; s < SUMS; s += LANES) {
    let row = o + s / 9;
    if (row < C_OUT) {
      partial[((group.z * C_OUT + row) * C_IN + c) * 9 + s % 9] = total(s);
    }
  }
}
