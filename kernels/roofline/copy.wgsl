// copy[i] = source[i], VECTORS vectors a lane, neighbouring lanes on neighbouring vectors: as fast as memory goes.

@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copy: array<vec4f>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * (LANES * VECTORS) + lane;
  for (var i = 0u; i < VECTORS; i++) {
    copy[first + i * LANES] = source[first + i * LANES];
  }
}
