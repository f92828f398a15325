// Multiply-adds on registers, to measure arithmetic: CHAINS independent sums a thread hide the latency of each. UNROLLED
// steps make an iteration, as a loop alone takes the time of dozens of multiply-adds on some adapters.

@group(0) @binding(0) var<storage, read> factors: vec2f;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
#for i in 0..CHAINS
  var sum$i = f32(id.x + $i);
#end
  for (var step = 0u; step < STEPS; step += UNROLLED) {
#for step in 0..UNROLLED
#for i in 0..CHAINS
    sum$i = fma(sum$i, factors.x, factors.y);
#end
#end
  }
  var sum = 0.0; // written, as the compiler would remove sums that are not used
#for i in 0..CHAINS
  sum += sum$i;
#end
  sums[id.x] = sum;
}
