// Gradients of a linear layer:
//
//   dweight[o,i] = Σ_n dy[n,o]·x[n,i]    dbias[o] = Σ_n dy[n,o], if it is wanted
//
// A thread computes TILE rows of one column: each x that it loads serves all of them, and their dy have the same address
// for the whole workgroup.

#if HALF
enable f16;
#end

#batch N
#sizes INPUTS OUTPUTS

@group(0) @binding(0) var<storage, read> x: array<$X>;
@group(0) @binding(1) var<storage, read> dy: array<$DY>;
@group(0) @binding(2) var<storage, read_write> dweight: array<$DWEIGHT>;
#if DBIAS
@group(0) @binding(3) var<storage, read_write> dbias: array<f32>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = group.x * WORKGROUP_SIZE + thread;
  let o = group.y * TILE;
  if (i >= sizes.INPUTS) {
    return;
  }
#for k in 0..TILE
  let o$k = min(o + $k, sizes.OUTPUTS - 1); // the last tile may compute the last row more than once
  var sum$k = 0.0;
#if DBIAS
  var bias$k = 0.0;
#end
#end
  for (var n = 0u; n < batch.N; n++) {
    let value = f32(x[n * sizes.INPUTS + i]);
#for k in 0..TILE
    let d$k = f32(dy[n * sizes.OUTPUTS + o$k]);
    sum$k += d$k * value;
#if DBIAS
    bias$k += d$k;
#end
#end
  }
#for k in 0..TILE
  dweight[o$k * sizes.INPUTS + i] = $DWEIGHT(sum$k);
#if DBIAS
  if (i == 0) {
    dbias[o$k] = bias$k;
  }
#end
#end
}
