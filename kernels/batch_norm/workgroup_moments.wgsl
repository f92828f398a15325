// Epilogue: moments (count, mean, Σ(y − mean)²) of TILE_O channels of what a workgroup computes, with one barrier.
//
//   for each vector of pixels:   add_pixels0(y), add_pixels1(y) … for every channel, then count_vector();
//   once, in all threads:        write_moments(row, first_channel, thread);
//
// The moments are written to row 1 + `row` of `moments_out` [1 + rows, C_OUT, 4]; row 0 is for the norm
// (store_norm.wgsl). Each thread sums about the first value that it adds (see moments.wgsl). Its sums are scalars to save
// registers: they live through the whole kernel, beside the tile of a product.

#include "./moments.wgsl"

#sizes C_OUT

var<workgroup> moments_of_threads: array<Moments, WORKGROUP_SIZE * TILE_O>;

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
    moments_of_threads[$t * WORKGROUP_SIZE + thread] = Moments(WIDTH * vectors, mine.mean, mine.squares);
  }
#end
  workgroupBarrier();
  for (var t = thread; t < TILE_O; t += WORKGROUP_SIZE) {
    var all = MomentSums(moments_of_threads[t * WORKGROUP_SIZE].mean, 0.0, 0.0, 0.0);
    for (var other = 0u; other < WORKGROUP_SIZE; other++) {
      // another bank for each t
      all = add_moments(all, moments_of_threads[t * WORKGROUP_SIZE + (other + t) % WORKGROUP_SIZE]);
    }
    if (first + t < sizes.C_OUT) {
      let moments = moments_of(all);
      moments_out[(1 + row) * sizes.C_OUT + first + t] = vec4f(moments.count, moments.mean, moments.squares, 0.0);
    }
  }
}
