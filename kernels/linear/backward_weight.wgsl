// Gradients of a linear layer:
//
//   dweight[o,i] = Σ_n dy[n,o]·x[n,i]    dbias[o] = Σ_n dy[n,o]
//
// A thread takes TILE rows of one column; a row's own factor is the same for all lanes.

#if HALF
enable f16;
#end

#batch N
#sizes INPUTS OUTPUTS

@group(0) @binding(0) var<storage, read> x: array<$X>;
@group(0) @binding(1) var<storage, read> dy: array<$DY>;
@group(0) @binding(2) var<storage, read_write> dweight: array<$DWEIGHT>;
@group(0) @binding(3) var<storage, read_write> dbias: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.x * LANES + lane;
  let o = group.y * TILE;
  if (i >= INPUTS) {
    return;
  }
#for k in 0..TILE
  let o$k = min(o + $k, OUTPUTS - 1); // the last tile may do the last row more than once
  var sum$k = 0.0;
  var bias$k = 0.0;
#end
  for (var n = 0u; n < N; n++) {
    let value = f32(x[n * INPUTS + i]);
#for k in 0..TILE
    let d$k = f32(dy[n * OUTPUTS + o$k]);
    sum$k += d$k * value;
    bias$k += d$k;
#end
  }
#for k in 0..TILE
  dweight[o$k * INPUTS + i] = $DWEIGHT(sum$k);
  if (i == 0) {
    dbias[o$k] = bias$k;
  }
#end
}
