// dx = the sum of dy over the windows whose largest pixel this was. A thread takes the 2×2 pixels at the centre, right and
// bottom of each window of a strip; they lie in that window and its neighbours to the right and below.

#include "./strip.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> largest: array<u32>;
@group(0) @binding(2) var<storage, read_write> dx: array<Stored>;

struct Windows {
  dy: V,
  largest: U,
}

/// What the windows give to the pixels at `position`.
fn given(windows: Windows, position: u32) -> V {
  return select(V(), windows.dy, windows.largest == U(position));
}

fn windows_at(index: u32) -> Windows {
#if WIDTH == 4
  return Windows(V(dy[index]), (vec4u(largest[index]) >> vec4u(0, 8, 16, 24)) & vec4u(255));
#else
  return Windows(V(dy[index]), largest[index]);
#end
}

/// The right neighbours of the windows of the strip at `index`; beyond the row's end, windows that give nothing.
fn right_of(windows: Windows, index: u32, j: u32) -> Windows {
  var next = Windows();
  if (j + 1 < STRIPS) {
    next = windows_at(index + 1);
  }
#if WIDTH == 4
  return Windows(V(windows.dy.yzw, next.dy.x), U(windows.largest.yzw, next.largest.x));
#else
  return next;
#end
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * GROUPS_X + group.x) * LANES + lane;
  if (index >= COUNT) {
    return;
  }
  let strip = strip_at(index);
  let here = windows_at(index);
  let right = right_of(here, index, strip.j);
  var below = Windows();
  var below_right = Windows();
  if (strip.i + 1 < OUT_H) {
    below = windows_at(index + STRIPS);
    below_right = right_of(below, index + STRIPS, strip.j);
  }
  write(strip, 2 * strip.i, given(here, 4), given(here, 5) + given(right, 3));
  if (2 * strip.i + 1 < IN_H) {
    write(strip, 2 * strip.i + 1,
        given(here, 7) + given(below, 1),
        given(here, 8) + given(right, 6) + given(below, 2) + given(below_right, 0));
  }
}

/// Writes the even and odd pixels of a strip's stretch of one row.
fn write(strip: Strip, row: u32, even: V, odd: V) {
  let i = (strip.plane * IN_H + row) * (IN_W / WIDTH) + 2 * strip.j;
#if WIDTH == 4
  dx[i] = Stored(V(even.x, odd.x, even.y, odd.y));
  dx[i + 1] = Stored(V(even.z, odd.z, even.w, odd.w));
#else
  dx[i] = Stored(even);
  if (2 * strip.j + 1 < IN_W) {
    dx[i + 1] = Stored(odd);
  }
#end
}
