// TERMS sums over the pixels of each plane: a team of TEAM lanes takes one plane, so that small planes share a workgroup.
//   let plane = plane_of(group, lane);   let all = plane_sums(plane, lane);
// Whoever includes this says what is summed:
//   fn terms(i: u32) -> array<V, TERMS>   at the i-th vector of pixels of the whole tensor

#batch PLANES GROUPS_X
#sizes PLANE TEAM

struct PlaneSums {
  sums: array<f32, TERMS>,
  leads: bool, // the one lane of each team that knows them
}

var<workgroup> team_sums: array<f32, LANES * TERMS>;

fn plane_of(group: vec3u, lane: u32) -> u32 {
  return (group.y * GROUPS_X + group.x) * (LANES / TEAM) + lane / TEAM;
}

fn plane_sums(plane: u32, lane: u32) -> PlaneSums {
  let member = lane % TEAM;
  var sums: array<f32, TERMS>;
  if (plane < PLANES) {
    for (var i = plane * PLANE + member; i < (plane + 1) * PLANE; i += TEAM) {
      let values = terms(i);
#for t in 0..TERMS
      sums[$t] += sum_of(values[$t]);
#end
    }
  }
#for t in 0..TERMS
  team_sums[lane * TERMS + $t] = sums[$t];
#end
  workgroupBarrier();
  if (member == 0) {
    for (var other = lane + 1; other < lane + TEAM; other++) {
#for t in 0..TERMS
      sums[$t] += team_sums[other * TERMS + $t];
#end
    }
  }
  return PlaneSums(sums, member == 0 && plane < PLANES);
}
