// The weight's gradient of the 3×3 convolution, in partial sums (see common/launch.ts):
//
//   dweight[o,c,k,l] = Σ_{n,i,j} dy[n,o,i,j] · x[n,c, s·i+k−1, s·j+l−1]
//
// A workgroup sums the kernels from one input channel to TILE_O output channels over one chunk of bands, each ROWS rows of
// dy high and WIDTH pixels wide. A thread walks down a band: it loads each row of x once for all TILE_O channels and keeps
// the rows of dy that it needs in registers (see depthwise/walk.wgsl).

#batch POSITIONS CHUNK
#sizes C_IN C_OUT HEIGHT_OUT ROW_OUT ROWS BANDS

#include "../common/vector.wgsl"
#include "../common/taps.wgsl"
#include "../common/plain_pixels.wgsl"
#include "../common/workgroup_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

/// Rows of dy that have begun but need more rows of x.
const PENDING = 2 / STRIDE;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let o = group.x * TILE_O;
  let c = group.y;
  let start = group.z * batch.CHUNK;
#for t in 0..TILE_O
#for k in 0..3
  var dweight$(t)_$k = KernelRow();
#end
#end
  for (var band = start + thread; band < min(start + batch.CHUNK, batch.POSITIONS); band += WORKGROUP_SIZE) {
    let j = band % sizes.ROW_OUT;
    let n = band / (sizes.ROW_OUT * sizes.BANDS);
    let plane = (n * sizes.C_IN + c) * sizes.HEIGHT_IN * sizes.ROW_IN;
    // Rows of dy are counted through all planes, from those of its channel o.
    let origin = (n * sizes.C_OUT + o) * sizes.HEIGHT_OUT;
    let first = origin + band / sizes.ROW_OUT % sizes.BANDS * sizes.ROWS;
    let end = min(first + sizes.ROWS, origin + sizes.HEIGHT_OUT);
    // dya_t is row r − a of dy's channel o + t.
#for t in 0..TILE_O
#for a in 1..2 / STRIDE + 1
    var dy$(a)_$t = V();
#end
#end
    for (var r = first; r < end + PENDING; r++) {
#for s in 0..STRIDE
      let row$s = taps(plane, (r - origin) * STRIDE + $s - STRIDE, j);
#end
#for t in 0..TILE_O
      let at$t = min(r, end - 1) + min($t, sizes.C_OUT - 1 - o) * sizes.HEIGHT_OUT;
      let dy0_$t = select(V(), V(dy[at$t * sizes.ROW_OUT + j]), r < end);
      dweight$(t)_0 = add_dots(dy0_$t, row$(STRIDE - 1), dweight$(t)_0);
#for a in 1..2 / STRIDE + 1
#for s in 0..STRIDE
      dweight$(t)_$(STRIDE * (a - 1) + 1 + s) = add_dots(dy$(a)_$t, row$s, dweight$(t)_$(STRIDE * (a - 1) + 1 + s));
#end
#end
#for a in 0..2 / STRIDE
      dy$(2 / STRIDE - a)_$t = dy$(2 / STRIDE - a - 1)_$t;
#end
#end
    }
  }
#for t in 0..TILE_O
#for k in 0..3
#for l in 0..3
  put_term($(9 * t + 3 * k + l), dweight$(t)_$k.column$l, thread);
#end
#end
#end
  workgroupBarrier();
  for (var s = thread; s < SUMS; s += WORKGROUP_SIZE) {
    let row = o + s / 9;
    if (row < sizes.C_OUT) {
      partial[((group.z * sizes.C_OUT + row) * sizes.C_IN + c) * 9 + s % 9] = sum_terms(s);
    }
  }
}
