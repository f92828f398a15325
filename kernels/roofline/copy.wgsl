// copy[i] = source[i], to measure the bandwidth of memory. A thread copies VECTORS vectors; neighbouring threads take
// neighbouring vectors, so that accesses are coalesced.

@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> copy: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let first = group.x * (WORKGROUP_SIZE * VECTORS) + thread;
  for (var i = 0u; i < VECTORS; i++) {
    copy[first + i * WORKGROUP_SIZE] = source[first + i * WORKGROUP_SIZE];
  }
}
