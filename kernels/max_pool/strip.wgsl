// Windows of a 3×3 max pooling with stride 2 and padding 1, WIDTH neighbours at a time: a strip. Window (i, j) is centred
// on pixel (2i, 2j). Strips of four need rows of 8, 16, 24 … pixels; a row has STRIPS of them.

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
  i: u32, // its row
  j: u32, // its place in the row, in strips
}

fn strip_at(index: u32) -> Strip {
  return Strip(index / (OUT_H * STRIPS), index / STRIPS % OUT_H, index % STRIPS);
}
