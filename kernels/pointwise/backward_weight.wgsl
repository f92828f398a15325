// The weight's gradient of a pointwise convolution of stride s, in partial sums (see outer.wgsl):
//
//   dweight[o,c] = Σ_{n,p} dy[n,o,p] · x[n,c,s·p]

#sizes WIDTH_IN WIDTH_OUT PLANE_IN

#include "../common/vector.wgsl"
#include "./outer_of_dy.wgsl"

struct ColumnValues {
  none: u32,
}

fn column_values(c: u32) -> ColumnValues {
  return ColumnValues();
}

fn column(n: u32, c: u32, p: u32, values: ColumnValues) -> V {
#if STRIDE == 1
  let source = p;
#else
  let source = p / sizes.WIDTH_OUT * STRIDE * sizes.WIDTH_IN + p % sizes.WIDTH_OUT * STRIDE;
#end
  return V(x[(n * sizes.C_IN + c) * sizes.PLANE_IN + source]);
}

#include "./outer.wgsl"
