// dW[o,c] = Σ_{n,p} dy[n,o,p] · x[n,c,s·p], in slabs.

#sizes WIDTH_IN WIDTH_OUT PLANE_IN

#include "../common/vector.wgsl"

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

fn row(n: u32, o: u32, p: u32) -> V {
  return V(dy[(n * C_OUT + o) * PLANE_OUT + p]);
}

struct Column {
  none: u32,
}

fn column_of(c: u32) -> Column {
  return Column();
}

fn column(n: u32, c: u32, p: u32, by: Column) -> V {
#if STRIDE == 1
  let source = p;
#else
  let source = p / WIDTH_OUT * STRIDE * WIDTH_IN + p % WIDTH_OUT * STRIDE;
#end
  return V(x[(n * C_IN + c) * PLANE_IN + source]);
}

#include "./outer.wgsl"
