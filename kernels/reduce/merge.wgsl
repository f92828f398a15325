// Adds up partial sums, those of COUNT tensors in one dispatch, always in the same order:
//
//   total[i] = Σ_chunk partial[chunk,i]

#for k in 0..COUNT
@group(0) @binding($(2 * k)) var<storage, read> partial$k: array<f32>;
@group(0) @binding($(2 * k + 1)) var<storage, read_write> total$k: array<f32>;
#end

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.z * GROUPS_X * WORKGROUP_SIZE + id.x;
#for k in 0..COUNT
  let count$k = arrayLength(&total$k);
  if (id.y == $k && i < count$k) {
    var sum = 0.0;
    for (var at = i; at < arrayLength(&partial$k); at += count$k) {
      sum += partial$k[at];
    }
    total$k[i] = sum;
  }
#end
}
