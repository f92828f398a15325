// The tensors of a weight's gradient that is a sum of outer products of dy with x (see outer.wgsl): the rows are dy's channels.

@group(0) @binding(0) var<storage, read> x: array<Stored>;
@group(0) @binding(1) var<storage, read> dy: array<Stored>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;

fn row(n: u32, o: u32, p: u32) -> V {
  return V(dy[(n * sizes.C_OUT + o) * sizes.PLANE_OUT + p]);
}
