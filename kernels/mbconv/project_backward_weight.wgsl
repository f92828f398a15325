// What the gradients of the projecting weight and of bn3 behind it need, in slabs of (n,p), where z = gate · act(bn2(d)) is
// what was projected:
//
//   M[o,c] = Σ dy[o]·z[c]    P[o,c] = Σ p[o]·z[c]    Σ dy[o]·p[o]    Σ dy[o]    Σ z[c]
//
// project_merge.wgsl makes the gradients of them: no pass over dy and p is needed for bn3 alone. A slab's sums lie in
// `partial` one after another, in that order.

#sizes POSITIONS SLAB C_IN C_OUT PLANE_OUT TILE SUMS

#include "../common/activation.wgsl"
#include "../batch_norm/norm.wgsl"

@group(0) @binding(0) var<storage, read> dy: array<Stored>;
@group(0) @binding(1) var<storage, read> p: array<Stored>;
@group(0) @binding(2) var<storage, read> d: array<Stored>;
@group(0) @binding(3) var<storage, read> norms: array<Norm>; // of bn2
@group(0) @binding(4) var<storage, read> gate: array<f32>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;

var<workgroup> lane_sums: array<f32, LANES * (2 * TILE_O * TILE_C + 2 * TILE_O + TILE_C)>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let o = group.x * TILE_O;
  let c = group.y * TILE_C;
#for i in 0..TILE_O
  var dy$i = V();
  var p$i = V();
  var dy_p$i = 0.0;
  var dy_sum$i = 0.0;
#for j in 0..TILE_C
  var m$(i)_$j = 0.0;
  var p$(i)_$j = 0.0;
#end
#end
#for j in 0..TILE_C
  let c$j = min(c + $j, C_IN - 1);
  let norm$j = norms[c$j];
  var z_sum$j = 0.0;
#end
  let end = min((group.z + 1) * SLAB, POSITIONS);
  for (var position = group.z * SLAB + lane; position < end; position += LANES) {
    let n = position / PLANE_OUT;
    let at = position % PLANE_OUT;
#if ROLLED
    for (var i = 0u; i < TILE; i++) {
      let source = (n * C_OUT + min(o + i, C_OUT - 1)) * PLANE_OUT + at;
      let dy_i = V(dy[source]);
      let p_i = V(p[source]);
#for i in 0..TILE_O
      dy$i = select(dy$i, dy_i, i == $i);
      p$i = select(p$i, p_i, i == $i);
#end
    }
#else
#for i in 0..TILE_O
    let source$i = (n * C_OUT + min(o + $i, C_OUT - 1)) * PLANE_OUT + at;
    dy$i = V(dy[source$i]);
    p$i = V(p[source$i]);
#end
#end
#for i in 0..TILE_O
    dy_p$i = add_dot(dy$i, p$i, dy_p$i);
    dy_sum$i += sum_of(dy$i);
#end
#for j in 0..TILE_C
    let z$j = gate[n * C_IN + c$j] * $(ACTIVATION)(normalized(norm$j, V(d[(n * C_IN + c$j) * PLANE_OUT + at])));
    z_sum$j += sum_of(z$j);
#for i in 0..TILE_O
    m$(i)_$j = add_dot(dy$i, z$j, m$(i)_$j);
    p$(i)_$j = add_dot(p$i, z$j, p$(i)_$j);
#end
#end
  }
#if ROLLED
  for (var k = 0u; k < SUMS; k++) {
    var sum = 0.0;
#for i in 0..TILE_O
#for j in 0..TILE_C
    sum = select(sum, m$(i)_$j, k == $(i * TILE_C + j));
    sum = select(sum, p$(i)_$j, k == $((TILE_O + i) * TILE_C + j));
#end
    sum = select(sum, dy_p$i, k == $(2 * TILE_O * TILE_C + i));
    sum = select(sum, dy_sum$i, k == $(2 * TILE_O * TILE_C + TILE_O + i));
#end
#for j in 0..TILE_C
    sum = select(sum, z_sum$j, k == $(2 * TILE_O * TILE_C + 2 * TILE_O + j));
#end
    lane_sums[k * LANES + lane] = sum;
  }
#else
#for i in 0..TILE_O
#for j in 0..TILE_C
  lane_sums[$(i * TILE_C + j) * LANES + lane] = m$(i)_$j;
  lane_sums[$((TILE_O + i) * TILE_C + j) * LANES + lane] = p$(i)_$j;
#end
  lane_sums[$(2 * TILE_O * TILE_C + i) * LANES + lane] = dy_p$i;
  lane_sums[$(2 * TILE_O * TILE_C + TILE_O + i) * LANES + lane] = dy_sum$i;
#end
#for j in 0..TILE_C
  lane_sums[$(2 * TILE_O * TILE_C + 2 * TILE_O + j) * LANES + lane] = z_sum$j;
#end
#end
  workgroupBarrier();
  let matrix = C_OUT * C_IN;
  let first = group.z * (2 * matrix + 2 * C_OUT + C_IN);
  for (var k = lane; k < SUMS; k += LANES) {
    var sum = 0.0;
    for (var other = 0u; other < LANES; other++) {
      sum += lane_sums[k * LANES + other];
    }
    let i = k / TILE_C;
    let beside = k - 2 * TILE_O * TILE_C; // of the matrices
    if (k < 2 * TILE_O * TILE_C) {
      let row = o + i % TILE_O;
      let column = c + k % TILE_C;
      if (row < C_OUT && column < C_IN) {
        partial[first + i / TILE_O * matrix + row * C_IN + column] = sum;
      }
    } else if (beside < 2 * TILE_O) {
      // The same in every tile of a row.
      if (group.y == 0 && o + beside % TILE_O < C_OUT) {
        partial[first + 2 * matrix + beside / TILE_O * C_OUT + o + beside % TILE_O] = sum;
      }
    } else if (group.x == 0 && c + beside - 2 * TILE_O < C_IN) {
      partial[first + 2 * matrix + 2 * C_OUT + c + beside - 2 * TILE_O] = sum;
    }
  }
}
