// Multiply-adds on registers alone: CHAINS sums a lane, none of which waits for another.

@group(0) @binding(0) var<storage, read> factors: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let a = factors[lane];
  let b = factors[LANES + lane];
#for i in 0..CHAINS
  var sum$i = a + f32($i);
#end
  for (var step = 0u; step < STEPS; step++) {
#for i in 0..CHAINS
    sum$i = fma(sum$i, a, b);
#end
  }
  var sum = 0.0;
#for i in 0..CHAINS
  sum += sum$i;
#end
  sums[id.x] = sum;
}
