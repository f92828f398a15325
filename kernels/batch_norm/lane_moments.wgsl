// The moments of what the lanes of a workgroup see of TILE_O channels, behind one barrier:
//   for each vector of a channel:   note0(y);  (note1, note2 … for the channels after the first)
//   then once, from all lanes:      leave(row, first_channel, lane);
// which writes the channels' moments into row `row` of `left`: [1 + rows, C_OUT, 4], whose first row is kept for the norm.

#include "./moments.wgsl"

#sizes C_OUT

var<workgroup> lane_moments: array<Moments, LANES * TILE_O>;

#for t in 0..TILE_O
var<private> origin$t: f32; // the first number met
var<private> noted$t: f32; // vectors
var<private> sum$t: V;
var<private> squares$t: V;

fn note$t(y: V) {
  origin$t = select(origin$t, first_of(y), noted$t == 0.0);
  let d = y - origin$t;
  noted$t += 1.0;
  sum$t += d;
  squares$t += d * d;
}
#end

fn leave(row: u32, first: u32, lane: u32) {
#for t in 0..TILE_O
  {
    let all = Gathered(origin$t, WIDTH * noted$t, sum_of(sum$t), sum_of(squares$t));
    let mine = moments_of(Gathered(all.origin, max(all.count, 1.0), all.sum, all.squares));
    lane_moments[$t * LANES + lane] = Moments(all.count, mine.mean, mine.squares);
  }
#end
  workgroupBarrier();
  for (var t = lane; t < TILE_O; t += LANES) {
    var all = Gathered(lane_moments[t * LANES].mean, 0.0, 0.0, 0.0);
    for (var other = 0u; other < LANES; other++) {
      all = gather(all, lane_moments[t * LANES + other]);
    }
    if (first + t < C_OUT) {
      let moments = moments_of(all);
      left[(1 + row) * C_OUT + first + t] = vec4f(moments.count, moments.mean, moments.squares, 0.0);
    }
  }
}
