// The second half of reductions, COUNT of them: total[i] = Σ_s partial[s,i], the slabs always added in the same order.

#for k in 0..COUNT
@group(0) @binding($(2 * k)) var<storage, read> partial$k: array<f32>;
@group(0) @binding($(2 * k + 1)) var<storage, read_write> total$k: array<f32>;
#end

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
#for k in 0..COUNT
  let count$k = arrayLength(&total$k);
  if (id.y == $k && id.x < count$k) {
    var sum = 0.0;
    for (var at = id.x; at < arrayLength(&partial$k); at += count$k) {
      sum += partial$k[at];
    }
    total$k[id.x] = sum;
  }
#end
}
