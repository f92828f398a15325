// Random numbers without state: a hash of seed, step, stream and index, of which `random` returns four independent words.
// random.ts has the same function, bit for bit. The hash is pcg4d from Jarzynski and Olano, "Hash Functions for GPU
// Rendering", Journal of Computer Graphics Techniques 9(3), 2020.

fn random(seed: u32, step: u32, stream: u32, index: u32) -> vec4u {
  var v = vec4u(seed, step, stream, index) * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v ^= v >> vec4u(16);
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}

/// A random word as a number in [0, 1).
fn unit(word: u32) -> f32 {
  return f32(word >> 8) / 16777216.0;
}
