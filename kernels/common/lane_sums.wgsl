// Adds up SUMS values that every one of LANES lanes holds, in the same order each time, behind a single barrier:
//   put(i, value, lane) for each i < SUMS;   workgroupBarrier();   then total(i), from any lane.
// Lanes that put, and lanes that add up one sum each, are in different banks.

var<workgroup> lane_sums: array<f32, LANES * SUMS>;

fn put(i: u32, value: f32, lane: u32) {
  lane_sums[i * LANES + lane] = value;
}

fn total(i: u32) -> f32 {
  var sum = 0.0;
  for (var lane = 0u; lane < LANES; lane++) {
    sum += lane_sums[i * LANES + (lane + i) % LANES];
  }
  return sum;
}
