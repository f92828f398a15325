// The sums over each plane that project_backward_input.wgsl wrote, [PARTS,N,C,3]: a row for each part of the planes. The
// including file binds `sums`.

#batch N PARTS
#sizes C

/// Sum k of plane i: 0: Σ dz·act, 1: Σ dz·act′, 2: Σ dz·act′·x̂.
fn plane_sum(i: u32, k: u32) -> f32 {
  var sum = 0.0;
  for (var part = 0u; part < batch.PARTS; part++) {
    sum += sums[(part * batch.N * sizes.C + i) * 3 + k];
  }
  return sum;
}
