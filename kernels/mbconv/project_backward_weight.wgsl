// What the gradients of the projecting weight and of bn3 behind it need, in slabs of (n,p), where p̂ is p normalised by bn3
// (before its γ and β) and z = gate · act(bn2(d)) is what was projected:
//
//   M[o,c] = Σ dy[o]·z[c]    P[o,c] = Σ p̂[o]·z[c]    Σ dy[o]·p̂[o]    Σ dy[o]    Σ z[c]
//
// project_merge.wgsl makes the gradients of them: no pass over dy and p is needed for bn3 alone. A slab's sums lie in
// `partial` one after another, in that order.

#sizes POSITIONS SLAB C_IN C_OUT PLANE_OUT

#include "../common/activation.wgsl"
#include "../common/lane_sums.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> p: array<Stored>;
@group(0) @binding(2) var<storage, read> norms3: array<Norm>;
@group(0) @binding(3) var<storage, read> d: array<Stored>;
@group(0) @binding(4) var<storage, read> norms2: array<Norm>;
@group(0) @binding(5) var<storage, read> gate: array<f32>;
@group(0) @binding(6) var<storage, read_write> partial: array<f32>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * TILE_O;
  let c = group.y * TILE_C;
  let slab = group.z * SLAB;
#for i in 0..TILE_O
  let o$i = min(o + $i, C_OUT - 1);
  var dy_p$i = 0.0;
  var dy_sum$i = 0.0;
#for j in 0..TILE_C
  var m$(i)_$j = 0.0;
  var p$(i)_$j = 0.0;
#end
#end
#for j in 0..TILE_C
  let c$j = min(c + $j, C_IN - 1);
  var z_sum$j = 0.0;
#end
  for (var position = slab + lane; position < min(slab + SLAB, POSITIONS); position += LANES) {
    let n = position / PLANE_OUT;
    let at = position % PLANE_OUT;
#for i in 0..TILE_O
    let at$i = (n * C_OUT + o$i) * PLANE_OUT + at;
    let dy$i = V(dy[at$i]);
    let p_hat$i = x_hat(norms3[o$i], V(p[at$i]));
    dy_p$i += dot_of(dy$i, p_hat$i);
    dy_sum$i += sum_of(dy$i);
#end
#for j in 0..TILE_C
    let z$j = gate[n * C_IN + c$j] * $(ACTIVATION)(normalized(norms2[c$j], V(d[(n * C_IN + c$j) * PLANE_OUT + at])));
    z_sum$j += sum_of(z$j);
#for i in 0..TILE_O
    m$(i)_$j += dot_of(dy$i, z$j);
    p$(i)_$j += dot_of(p_hat$i, z$j);
#end
#end
  }
#for i in 0..TILE_O
#for j in 0..TILE_C
  put($(i * TILE_C + j), m$(i)_$j, lane);
  put($((TILE_O + i) * TILE_C + j), p$(i)_$j, lane);
#end
  put($(2 * TILE_O * TILE_C + i), dy_p$i, lane);
  put($(2 * TILE_O * TILE_C + TILE_O + i), dy_sum$i, lane);
#end
#for j in 0..TILE_C
  put($(2 * TILE_O * TILE_C + 2 * TILE_O + j), z_sum$j, lane);
#end
  workgroupBarrier();
  let matrix = C_OUT * C_IN;
  let first = group.z * (2 * matrix + 2 * C_OUT + C_IN);
  for (var k = lane; k < 2 * TILE_O * TILE_C; k += LANES) {
    let row = o + k / TILE_C % TILE_O;
    let column = c + k % TILE_C;
    if (row < C_OUT && column < C_IN) {
      partial[first + k / (TILE_O * TILE_C) * matrix + row * C_IN + column] = total(k);
    }
  }
  // These are the same in every tile of a row, or of a column.
  for (var k = lane; k < 2 * TILE_O; k += LANES) {
    if (group.y == 0 && o + k % TILE_O < C_OUT) {
      partial[first + 2 * matrix + k / TILE_O * C_OUT + o + k % TILE_O] = total(2 * TILE_O * TILE_C + k);
    }
  }
  for (var k = lane; k < TILE_C; k += LANES) {
    if (group.x == 0 && c + k < C_IN) {
      partial[first + 2 * matrix + 2 * C_OUT + c + k] = total(2 * TILE_O * TILE_C + 2 * TILE_O + k);
    }
  }
}
