// The windows of a 3×3 max pooling with stride 2 and padding 1, a strip of WIDTH neighbouring ones at a time. Window (i, j)
// has its centre at pixel (2i, 2j). A row has STRIPS strips; strips of four need rows of 8, 16, 24 … pixels.

#include "../common/vector.wgsl"

#batch COUNT GROUPS_X
#sizes IN_H IN_W OUT_H STRIPS

#if WIDTH == 4
alias U = vec4u;
#else
alias U = u32;
#end

struct Strip {
  plane: u32,
  i: u32, // row
  j: u32, // index in the row, in strips
}

fn strip_at(index: u32) -> Strip {
  return Strip(index / (sizes.OUT_H * sizes.STRIPS), index / sizes.STRIPS % sizes.OUT_H, index % sizes.STRIPS);
}
