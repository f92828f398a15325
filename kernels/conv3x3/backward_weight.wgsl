// dweight[o,c,k,l] = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, s·i+k−1, s·j+l−1], in slabs: each workgroup sums the kernels from
// one input channel to TILE_O output channels over one slab of bands, a merge adds the slabs. A band is ROWS rows of dy,
// a vector of pixels wide; a lane walks it down, reading each row once.

#include "../common/vector.wgsl"
#include "../common/taps.wgsl"
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
    let first = band / ROW_OUT % BANDS * ROWS;
    let end = min(first + ROWS, HEIGHT_OUT);
    let n = band / (ROW_OUT * BANDS);
    let plane = (n * C_IN + c) * HEIGHT_IN * ROW_IN;
#for t in 0..TILE_O
    let gradient$t = (n * C_OUT + min(o + $t, C_OUT - 1)) * HEIGHT_OUT * ROW_OUT + j;
    var before$t = V(); // dy row i−1
#if STRIDE == 1
    var earlier$t = V(); // dy row i−2
#end
#end
#if STRIDE == 1
    // x row i−1 meets dy rows i−2, i−1 and i.
    for (var i = first; i < end + 2; i++) {
      let row = taps(plane, i - 1, j);
#for t in 0..TILE_O
      let d$t = select(V(), V(dy[gradient$t + min(i, HEIGHT_OUT - 1) * ROW_OUT]), i < end);
      top$t += row_dots(d$t, row);
      middle$t += row_dots(before$t, row);
      bottom$t += row_dots(earlier$t, row);
      earlier$t = before$t;
      before$t = d$t;
#end
    }
#else
    // x row 2i−2 meets dy row i−1; x row 2i−1 meets that and dy row i.
    for (var i = first; i < end + 1; i++) {
      let even = taps(plane, 2 * i - 2, j);
      let odd = taps(plane, 2 * i - 1, j);
#for t in 0..TILE_O
      let d$t = select(V(), V(dy[gradient$t + min(i, HEIGHT_OUT - 1) * ROW_OUT]), i < end);
      top$t += row_dots(d$t, odd);
      middle$t += row_dots(before$t, even);
      bottom$t += row_dots(before$t, odd);
      before$t = d$t;
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
