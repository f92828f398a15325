// dprediction[i] = 2/count · (prediction[i] − target[i]) · dloss and dtarget[i] = −dprediction[i], each only if wanted

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X

@group(0) @binding(0) var<storage, read> prediction: array<Stored>;
@group(0) @binding(1) var<storage, read> targets: array<Stored>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
#if DPREDICTION
@group(0) @binding(3) var<storage, read_write> dprediction: array<Stored>;
#end
#if DTARGET
@group(0) @binding(4) var<storage, read_write> dtarget: array<Stored>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (i < batch.COUNT) {
    let slope = 2.0 / f32(WIDTH) / f32(batch.COUNT) * dloss[0];
    let gradient = slope * (V(prediction[i]) - V(targets[i]));
#if DPREDICTION
    dprediction[i] = Stored(gradient);
#end
#if DTARGET
    dtarget[i] = Stored(-gradient);
#end
  }
}
