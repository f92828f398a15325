// The weight's gradient of a pointwise convolution of stride s, in partial sums (see outer.wgsl):
//
//   dweight[o,c] = Σ_{n,p} dy[n,o,p] · x[n,c,s·p]

#sizes WIDTH_IN WIDTH_OUT PLANE_IN

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

fn row(n: u32, o: u32, p: u32) -> V {
  return V(dy[(n * sizes.C_OUT + o) * sizes.PLANE_OUT + p]);
}

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
