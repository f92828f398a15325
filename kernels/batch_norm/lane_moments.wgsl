// The moments of what the lanes of a workgroup see of TILE_O channels, behind one barrier:
//   for each vector of pixels:   note0(y), note1(y) … for every channel, then counted();
//   then once, from all lanes:   leave(row, first_channel, lane);
// which writes the channels' moments into row `row` of `left`: [1 + rows, C_OUT, 4], whose first row is kept for the norm.
// A lane's sums are single numbers: they live as long as the lane does, beside all that a product keeps in registers.

#include "./moments.wgsl"

#sizes C_OUT

var<workgroup> lane_moments: array<Moments, LANES * TILE_O>;

var<private> vectors: f32; // counted
#for t in 0..TILE_O
var<private> origin$t: f32; // the first number met
var<private> sum$t: f32;
var<private> squares$t: f32;

fn note$t(y: V) {
  origin$t = select(origin$t, first_of(y), vectors == 0.0);
  let d = y - origin$t;
  sum$t += sum_of(d);
  squares$t = add_dot(d, d, squares$t);
}
#end

fn counted() {
  vectors += 1.0;
}

fn leave(row: u32, first: u32, lane: u32) {
#for t in 0..TILE_O
  {
    let mine = moments_of(Gathered(origin$t, max(WIDTH * vectors, 1.0), sum$t, squares$t));
    lane_moments[$t * LANES + lane] = Moments(WIDTH * vectors, mine.mean, mine.squares);
  }
#end
  workgroupBarrier();
  for (var t = lane; t < TILE_O; t += LANES) {
    var all = Gathered(lane_moments[t * LANES].mean, 0.0, 0.0, 0.0);
    for (var other = 0u; other < LANES; other++) {
      all = gather(all, lane_moments[t * LANES + (other + t) % LANES]); // each t in another bank
    }
    if (first + t < C_OUT) {
      let moments = moments_of(all);
      left[(1 + row) * C_OUT + first + t] = vec4f(moments.count, moments.mean, moments.squares, 0.0);
    }
  }
}
