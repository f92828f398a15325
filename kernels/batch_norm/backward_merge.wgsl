// (dγ, dβ)[c] = Σ_slab partial[slab,c]. A workgroup takes CHANNELS channels, a lane one slab of one.

#sizes C SLABS CHANNELS

@group(0) @binding(0) var<storage, read> partial: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> dgamma: array<f32>;
@group(0) @binding(2) var<storage, read_write> dbeta: array<f32>;

var<workgroup> slabs: array<vec2f, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = group.x * CHANNELS + lane / SLABS;
  let slab = lane % SLABS;
  let used = lane < CHANNELS * SLABS && c < C;
  if (used) {
    slabs[lane] = partial[slab * C + c];
  }
  workgroupBarrier();
  if (used && slab == 0) {
    var sum = vec2f();
    for (var other = lane; other < lane + SLABS; other++) {
      sum += slabs[other];
    }
    dgamma[c] = sum.x;
    dbeta[c] = sum.y;
  }
}
