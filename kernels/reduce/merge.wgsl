// The second half of every reduction: total[i] = Σ_s partial[s,i], the slabs always added in the same order.

@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read_write> total: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let count = arrayLength(&total);
  if (id.x >= count) {
    return;
  }
  var sum = 0.0;
  for (var at = id.x; at < arrayLength(&partial); at += count) {
    sum += partial[at];
  }
  total[id.x] = sum;
}
