// Multiply-adds on registers alone: CHAINS sums a lane, none of which waits for another.

@group(0) @binding(0) var<storage, read> factors: vec2f;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u) {
#for i in 0..CHAINS
  var sum$i = f32(id.x + $i);
#end
  for (var step = 0u; step < STEPS; step++) {
#for i in 0..CHAINS
    sum$i = fma(sum$i, factors.x, factors.y);
#end
  }
  var sum = 0.0; // of all, or the compiler would leave out what nobody reads
#for i in 0..CHAINS
  sum += sum$i;
#end
  sums[id.x] = sum;
}
