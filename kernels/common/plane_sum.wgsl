// Σ over the pixels of each plane: a team of TEAM lanes takes one plane, so that small planes share a workgroup.
// Whoever includes this says what is summed:
//   fn term(i: u32) -> V   at the i-th vector of pixels of the whole tensor

#sizes PLANES PLANE GROUPS_X

struct PlaneSum {
  plane: u32,
  sum: f32,
  leads: bool, // the one lane of each team that knows the sum
}

#if TEAM > 1
var<workgroup> team_sums: array<f32, LANES>;
#end

fn plane_sum(group: vec3u, lane: u32) -> PlaneSum {
  let plane = (group.y * GROUPS_X + group.x) * (LANES / TEAM) + lane / TEAM;
  let member = lane % TEAM;
  var mine = V();
  if (plane < PLANES) {
    for (var i = plane * PLANE + member; i < (plane + 1) * PLANE; i += TEAM) {
      mine += term(i);
    }
  }
  var sum = sum_of(mine);
#if TEAM > 1
  team_sums[lane] = sum;
  workgroupBarrier();
  if (member == 0) {
    for (var other = lane + 1; other < lane + TEAM; other++) {
      sum += team_sums[other];
    }
  }
#end
  return PlaneSum(plane, sum, member == 0 && plane < PLANES);
}
