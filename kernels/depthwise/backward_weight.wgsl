// The weight's gradient of the depthwise convolution, in partial sums (see common/launch.ts):
//
//   dweight[c,k,l] = Σ_{n,i,j} dy[n,c,i,j] · x[n,c, s·i+k−p, s·j+l−p], p = ⌊KERNEL/2⌋
//
// A workgroup sums one channel's kernel over one chunk of bands, each ROWS rows of dy high and WIDTH pixels wide. A thread
// walks down a band as in walk.wgsl: it loads each row of x once and keeps the rows of dy that it needs in registers.

#batch POSITIONS CHUNK
#sizes C HEIGHT_OUT ROW_OUT ROWS BANDS

#include "../common/vector.wgsl"
#include "../common/taps.wgsl"
#include "../common/plain_pixels.wgsl"
#include "../common/workgroup_sums.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

/// Rows of dy that have begun but need more rows of x.
const PENDING = (KERNEL - 1) / STRIDE;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let c = group.x;
  let start = group.y * batch.CHUNK;
#for k in 0..KERNEL
  var dweight$k = KernelRow();
#end
  for (var band = start + thread; band < min(start + batch.CHUNK, batch.POSITIONS); band += WORKGROUP_SIZE) {
    let j = band % sizes.ROW_OUT;
    let channel = band / (sizes.ROW_OUT * sizes.BANDS) * sizes.C + c;
    let plane = channel * sizes.HEIGHT_IN * sizes.ROW_IN;
    // Rows of dy are counted through all planes.
    let origin = channel * sizes.HEIGHT_OUT;
    let first = origin + band / sizes.ROW_OUT % sizes.BANDS * sizes.ROWS;
    let end = min(first + sizes.ROWS, origin + sizes.HEIGHT_OUT);
    // dya is row r − a of dy.
#for a in 1..(KERNEL - 1) / STRIDE + 1
    var dy$a = V();
#end
    for (var r = first; r < end + PENDING; r++) {
#for s in 0..STRIDE
      let row$s = taps(plane, (r - origin) * STRIDE + $s - (KERNEL / 2 + STRIDE - 1), j);
#end
      let dy0 = select(V(), V(dy[min(r, end - 1) * sizes.ROW_OUT + j]), r < end);
      dweight0 = add_dots(dy0, row$(STRIDE - 1), dweight0);
#for a in 1..(KERNEL - 1) / STRIDE + 1
#for s in 0..STRIDE
      dweight$(STRIDE * (a - 1) + 1 + s) = add_dots(dy$a, row$s, dweight$(STRIDE * (a - 1) + 1 + s));
#end
#end
#for a in 0..(KERNEL - 1) / STRIDE
      dy$((KERNEL - 1) / STRIDE - a) = dy$((KERNEL - 1) / STRIDE - a - 1);
#end
    }
  }
#for k in 0..KERNEL
#for l in 0..KERNEL
  put_term($(KERNEL * k + l), dweight$k.column$l, thread);
#end
#end
  workgroupBarrier();
  for (var s = thread; s < SUMS; s += WORKGROUP_SIZE) {
    partial[(group.y * sizes.C + c) * SUMS + s] = sum_terms(s);
  }
}
