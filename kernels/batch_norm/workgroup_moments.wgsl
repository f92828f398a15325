// Epilogue: moments (count, mean, Σ(y − mean)²) of what a workgroup computes: TILE_O channels in each of its slices.
//
//   for each vector of pixels:   add_pixels0(y), add_pixels1(y) … for every channel, then count_vector();
//   once, in all threads:        write_moments(row, first_channel, thread);   the first of all slices' channels
//
// The moments are written to row 1 + `row` of `moments_out` [1 + rows, C_OUT, 4]; row 0 is for the norm
// (store_norm.wgsl). Each thread sums about the first value that it adds (see moments.wgsl). Its sums are scalars to save
// registers: they live through the whole kernel, beside the tile of a product. With one slice a single barrier is enough;
// with several, workgroup memory has room for one channel of each slice at a time.

#include "./moments.wgsl"
#include "../common/slices.wgsl"

#sizes C_OUT

var<workgroup> moments_of_threads: array<Moments, WORKGROUP_SIZE * TOGETHER>;

var<private> vectors: f32; // how many were added
#for t in 0..TILE_O
var<private> origin$t: f32; // the first value added
var<private> sum$t: f32;
var<private> squares$t: f32;

fn add_pixels$t(y: V) {
  origin$t = select(origin$t, first_of(y), vectors == 0.0);
  let d = y - origin$t;
  sum$t += sum_of(d);
  squares$t = add_dot(d, d, squares$t);
}
#end

fn count_vector() {
  vectors += 1.0;
}

fn write_moments(row: u32, first: u32, thread: u32) {
#for t in 0..TILE_O
  {
    let mine = moments_of(MomentSums(origin$t, max(WIDTH * vectors, 1.0), sum$t, squares$t));
    moments_of_threads[$t % TOGETHER * WORKGROUP_SIZE + thread] = Moments(WIDTH * vectors, mine.mean, mine.squares);
  }
#if SLICES > 1
  workgroupBarrier();
  add_lanes(row, first + $t, thread);
  workgroupBarrier();
#end
#end
#if SLICES == 1
  workgroupBarrier();
  add_lanes(row, first, thread);
#end
}

/// Adds up the moments that the lanes of each slice have stored, of the TOGETHER channels from `first` and as many TILE_O,
/// 2·TILE_O … channels later.
fn add_lanes(row: u32, first: u32, thread: u32) {
  for (var i = thread; i < SLICES * TOGETHER; i += WORKGROUP_SIZE) {
    let slice = i / TOGETHER;
    let t = i % TOGETHER;
    let start = t * WORKGROUP_SIZE + slice * LANES;
    var all = MomentSums(moments_of_threads[start].mean, 0.0, 0.0, 0.0);
    for (var other = 0u; other < LANES; other++) {
      // another bank for each t
      all = add_moments(all, moments_of_threads[start + (other + t) % LANES]);
    }
    let c = first + slice * TILE_O + t;
    if (c < sizes.C_OUT) {
      let moments = moments_of(all);
      moments_out[(1 + row) * sizes.C_OUT + c] = vec4f(moments.count, moments.mean, moments.squares, 0.0);
    }
  }
}
