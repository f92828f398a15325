// e = expand · bn0(x): bn0 comes out of x's moments and is applied where x is read, and e's moments are left for bn1.

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<Stored>;
@group(0) @binding(7) var<storage, read_write> left: array<vec4f>;

#include "../batch_norm/keep.wgsl"

var<workgroup> norms: array<Norm, CHANNELS>;

fn prepare(leads: bool, lane: u32) {
  for (var first = 0u; first < C; first += LANES / MERGERS) {
    let c = first + lane / MERGERS;
    let batch = batch_moments(min(c, C - 1), lane);
    if (c < C && lane % MERGERS == 0) {
      let norm = norm_of(c, batch);
      norms[c] = norm;
      if (leads) {
        keep(c, norm, batch);
      }
    }
  }
  workgroupBarrier();
}

fn load0(i: u32, c: u32, n: u32) -> V {
  return normalized(norms[c], V(x[i]));
}

#include "./forward.wgsl"
