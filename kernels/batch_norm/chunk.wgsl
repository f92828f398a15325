// Walks through one chunk of a channel: its vectors of pixels are counted through all images and cut into chunks of
// CHUNK; each thread of the workgroup visits every WORKGROUP_SIZE-th vector of the chunk.
//
//   var k = chunk * batch.CHUNK + thread;   var at = cursor(k, c);
//   for (; k < chunk_end(chunk); k += WORKGROUP_SIZE) { … x[at.i] …; at = advance(at); }

#batch N CHUNK
#sizes C PLANE

struct Cursor {
  i: u32, // the vector's index in the tensor
  p: u32, // and in its plane
}

fn chunk_end(chunk: u32) -> u32 {
  return min((chunk + 1) * batch.CHUNK, batch.N * sizes.PLANE);
}

fn cursor(k: u32, c: u32) -> Cursor {
  let p = k % sizes.PLANE;
  return Cursor((k / sizes.PLANE * sizes.C + c) * sizes.PLANE + p, p);
}

/// WORKGROUP_SIZE vectors further, without a division.
fn advance(at: Cursor) -> Cursor {
  let p = at.p + WORKGROUP_SIZE % sizes.PLANE;
  let i = at.i + WORKGROUP_SIZE / sizes.PLANE * sizes.C * sizes.PLANE + WORKGROUP_SIZE % sizes.PLANE;
  if (p < sizes.PLANE) {
    return Cursor(i, p);
  }
  return Cursor(i + (sizes.C - 1) * sizes.PLANE, p - sizes.PLANE);
}
