// dx[pixel] = Σ dy over the windows whose maximum the pixel was
//
// A thread computes the 2×2 pixels at the centre, right, bottom and bottom right of each window of a strip. They belong to
// that window and to its neighbours to the right and below, so each pixel of dx is written once, without atomics.

#include "./strip.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> largest: array<u32>;
@group(0) @binding(2) var<storage, read_write> dx: array<Stored>;

struct Windows {
  dy: V,
  largest: U,
}

/// The gradient of the pixels at `position` (3·k + l) of the windows.
fn gradient_at(windows: Windows, position: u32) -> V {
  return select(V(), windows.dy, windows.largest == U(position));
}

fn windows_at(index: u32) -> Windows {
#if WIDTH == 4
  return Windows(V(dy[index]), (vec4u(largest[index]) >> vec4u(0, 8, 16, 24)) & vec4u(255));
#else
  return Windows(V(dy[index]), largest[index]);
#end
}

/// The windows one to the right of those of the strip at `index`; beyond the row's end, windows without a gradient.
fn right_of(windows: Windows, index: u32, j: u32) -> Windows {
  var next = Windows();
  if (j + 1 < sizes.STRIPS) {
    next = windows_at(index + 1);
  }
#if WIDTH == 4
  return Windows(V(windows.dy.yzw, next.dy.x), U(windows.largest.yzw, next.largest.x));
#else
  return next;
#end
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let index = (group.y * batch.GROUPS_X + group.x) * WORKGROUP_SIZE + thread;
  if (index >= batch.COUNT) {
    return;
  }
  let strip = strip_at(index);
  let here = windows_at(index);
  let right = right_of(here, index, strip.j);
  var below = Windows();
  var below_right = Windows();
  if (strip.i + 1 < sizes.OUT_H) {
    below = windows_at(index + sizes.STRIPS);
    below_right = right_of(below, index + sizes.STRIPS, strip.j);
  }
  write(strip, 2 * strip.i, gradient_at(here, 4), gradient_at(here, 5) + gradient_at(right, 3));
  if (2 * strip.i + 1 < sizes.IN_H) {
    write(
      strip,
      2 * strip.i + 1,
      gradient_at(here, 7) + gradient_at(below, 1),
      gradient_at(here, 8) + gradient_at(right, 6) + gradient_at(below, 2) + gradient_at(below_right, 0),
    );
  }
}

/// Writes the even and odd pixels of a strip in one row of dx.
fn write(strip: Strip, row: u32, even: V, odd: V) {
  let i = (strip.plane * sizes.IN_H + row) * (sizes.IN_W / WIDTH) + 2 * strip.j;
#if WIDTH == 4
  dx[i] = Stored(V(even.x, odd.x, even.y, odd.y));
  dx[i + 1] = Stored(V(even.z, odd.z, even.w, odd.w));
#else
  dx[i] = Stored(even);
  if (2 * strip.j + 1 < sizes.IN_W) {
    dx[i + 1] = Stored(odd);
  }
#end
}
