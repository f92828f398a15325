import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationFlops } from '../common/activation.ts';
import { LANES, nchw, rows3x3, slabsOf, teamLanes, vector, type Work } from '../common/launch.ts';
import { teamOf } from '../common/planes.ts';
import { bandsOf } from '../depthwise/launch.ts';
import { outer, product } from '../pointwise/launch.ts';
import { layers, type SqueezeExciteAttrs } from '../squeeze_excite/launch.ts';
import backwardExciteKernel from './backward_excite.wgsl';
import batchKernel from './batch.wgsl';
import depthwiseBackwardKernel from './depthwise_backward.wgsl';
import depthwiseBackwardStridedKernel from './depthwise_backward_strided.wgsl';
import depthwiseMergeKernel from './depthwise_merge.wgsl';
import expandBackwardInputKernel from './expand_backward_input.wgsl';
import expandBackwardWeightKernel from './expand_backward_weight.wgsl';
import expandMergeKernel from './expand_merge.wgsl';
import type { Activation } from './forward.ts';
import projectBackwardInputKernel from './project_backward_input.wgsl';
import projectBackwardWeightKernel from './project_backward_weight.wgsl';
import projectMergeKernel from './project_merge.wgsl';

/** Kernels that see no pictures. */
const SMALL = { WIDTH: 1, HALF: false };

/** The gradients of a convolution's weight and of a normalisation beside it, which one merge gives. */
export interface Gradients {
  readonly dweight: Tensor;
  readonly dgamma: Tensor;
  readonly dbeta: Tensor;
}

/** What the way back to z = gate · act(bn2(d)) reads: dy[N,C,…] and p[N,C,…] behind the projection, d[N,H,…] before it. */
interface Projection {
  readonly dy: Tensor;
  readonly p: Tensor;
  readonly d: Tensor;
  readonly norms2: Tensor;
}

/** The gradients of the projecting weight and of bn3. Returns bn3's slopes[C,4]. */
export function projectBackwardWeight(
  device: Device,
  { dy, p, norms3, d, norms2, gate }: Projection & { norms3: Tensor; gate: Tensor },
  { dweight, dgamma, dbeta }: Gradients,
  activation: Activation,
): Tensor {
  const v = vector(nchw(d).plane, d);
  const work = { kernel: projectBackwardWeightKernel, x: d, y: dy };
  const others = { channels: nchw(dy).c, inTile: (rows: number) => rows, sides: true };
  const { constants, workgroups, shape, slabs } = outer(device, work, v.WIDTH, others);
  const { C_IN, C_OUT } = constants;
  const partial = device.tensor(shape);
  device.dispatch({
    kernel: projectBackwardWeightKernel,
    constants: { ...v, ...constants, ACTIVATION: activation },
    reads: { dy, p, d, norms: norms2, gate },
    writes: { partial },
    workgroups,
    flops: (5 + activationFlops[activation].value + 4 * C_OUT) * size(d) + 5 * size(dy),
  });
  const slopes = device.tensor([C_OUT, 4]);
  device.dispatch({
    kernel: projectMergeKernel,
    constants: { ...SMALL, LANES, C_IN, C_OUT, SLABS: slabs, PIXELS: size(dy) / C_OUT },
    reads: { partial, norms: norms3 },
    writes: { dweight, dgamma, dbeta, slopes },
    workgroups: [Math.ceil((C_IN * C_OUT) / LANES)],
    flops: size(partial) + 6 * size(dweight),
  });
  return slopes;
}

/** dz[N,H,…] and sums[N,H,3]: dz·a, dz·act′ and dz·act′·x̂ of each plane, where a = act(u), u = bn2(d). */
export function projectBackwardInput(
  device: Device,
  { dy, p, slopes, weight, d, norms2 }: Projection & { slopes: Tensor; weight: Tensor },
  activation: Activation,
) {
  const { n, c, plane } = nchw(d);
  const v = vector(plane, d);
  const { constants, groups } = product(
    device,
    { kernel: projectBackwardInputKernel, x: dy, y: d, how: 'transposed' },
    v.WIDTH,
  );
  const lanes = teamLanes(device);
  const team = teamOf(lanes, plane / v.WIDTH / constants.VECTORS);
  const dz = device.tensor(d.shape, d.dtype);
  const sums = device.tensor([n, c, 3]);
  const { value, slope } = activationFlops[activation];
  device.dispatch({
    kernel: projectBackwardInputKernel,
    constants: {
      ...v,
      ...constants,
      LANES: lanes,
      TEAM: team,
      N: n,
      ACTIVATION: activation,
    },
    reads: { dy, p, slopes, weight, d, norms: norms2 },
    writes: { dz, sums },
    workgroups: [Math.ceil(n / (lanes / team)), groups.tiles],
    flops: 5 * size(dy) + (2 * dy.shape[1] + 4 + value + slope + 6) * size(d),
  });
  return { dz, sums };
}

/**
 * From `sums`, back through the gate: the gradients in front of its activation [N,H] and of the inner one [N,R], and what
 * takes dz through each plane of d: planes[N,H,2].
 */
export function backwardExcite(
  device: Device,
  tensors: { sums: Tensor; gate: Tensor; reduced: Tensor; reduceWeight: Tensor; expandWeight: Tensor },
  planePixels: number,
  { activation, gate: kind }: SqueezeExciteAttrs,
) {
  const { sums, gate, reduced, reduceWeight, expandWeight } = tensors;
  const [n, c] = gate.shape;
  const r = reduced.shape[1];
  const { constants, workgroups } = layers(device, n, c, r);
  const dexpanded = device.tensor([n, c]);
  const dreduced = device.tensor([n, r]);
  const planes = device.tensor([n, c, 2]);
  device.dispatch({
    kernel: backwardExciteKernel,
    constants: { ...constants, ACTIVATION: activation, GATE: kind, PLANE_PIXELS: planePixels },
    reads: { sums, gate, reduced, reduce_weight: reduceWeight, expand_weight: expandWeight },
    writes: { dexpanded, dreduced, planes },
    workgroups,
    flops: n * (4 * c * r + (activationFlops[activation].slope + 1) * r + 3 * c),
  });
  return { dexpanded, dreduced, planes };
}

/** bn2's gradients, from what is known of each plane, and all that the way back through d and e needs: channels[H,12]. */
export function batch(
  device: Device,
  tensors: { sums: Tensor; slopes: Tensor; planes: Tensor; norms1: Tensor; norms2: Tensor },
  planePixels: number,
  { dgamma, dbeta }: Pick<Gradients, 'dgamma' | 'dbeta'>,
): Tensor {
  const [n, c] = tensors.sums.shape;
  const channels = device.tensor([c, 12]);
  device.dispatch({
    kernel: batchKernel,
    constants: { ...SMALL, LANES: teamLanes(device), SUMS: 2, N: n, C: c, PIXELS: n * planePixels },
    reads: tensors,
    writes: { dgamma, dbeta, channels },
    workgroups: [c],
    flops: 8 * n * c,
  });
  return channels;
}

interface DepthwiseBackward {
  readonly dz: Tensor;
  readonly d: Tensor;
  readonly e: Tensor;
  readonly channels: Tensor;
  readonly planes: Tensor;
  readonly weight: Tensor;
  readonly stride: number;
}

/** du[N,H,…] in front of act(bn1(e)), the depthwise weight's gradient and bn1's. Returns bn1's slopes[H,4]. */
export function depthwiseBackward(
  device: Device,
  { dz, d, e, channels, planes, weight, stride }: DepthwiseBackward,
  { dweight, dgamma, dbeta }: Gradients,
  activation: Activation,
): { du: Tensor; slopes: Tensor } {
  const { c } = nchw(d);
  const du = device.tensor(e.shape, e.dtype);
  const strided = stride === 2;
  const work = { kernel: strided ? depthwiseBackwardStridedKernel : depthwiseBackwardKernel, x: e, y: d };
  const { constants, positions } = strided ? cornersOf(work) : downwards(device, work);
  const slabs = slabsOf(device, work, positions, c);
  const partial = device.tensor([slabs.slabs, c, 11]);
  const { value, slope } = activationFlops[activation];
  device.dispatch({
    kernel: work.kernel,
    constants: { ...constants, ...slabs.constants, C: c, SUMS: 11, ACTIVATION: activation },
    reads: { dz, d, e, channels, planes, weight },
    writes: { dx: du, partial },
    workgroups: [c, slabs.slabs],
    flops: (11 + slope + 36) * size(d) + (4 + value + slope + 5) * size(e),
  });
  const slopes = device.tensor([c, 4]);
  device.dispatch({
    kernel: depthwiseMergeKernel,
    constants: { ...SMALL, LANES, C: c, SLABS: slabs.slabs, PIXELS: size(e) / c },
    reads: { partial, channels },
    writes: { dweight, dgamma, dbeta, slopes },
    workgroups: [Math.ceil((10 * c) / LANES)],
    flops: size(partial) + 6 * c,
  });
  return { du, slopes };
}

function downwards(device: Device, work: Work) {
  const { constants, bands } = bandsOf(device, work, 1);
  return { constants, positions: bands };
}

function cornersOf({ x, y }: Work) {
  const { n, h } = nchw(y);
  const constants = rows3x3(x, y, 2);
  return { constants, positions: n * h * constants.ROW_OUT };
}

/** What the way back through the expansion reads: du in front of bn1's activation, x in front of bn0. */
interface Expansion {
  readonly du: Tensor;
  readonly x: Tensor;
  /** Of bn0. */
  readonly norms: Tensor;
}

/**
 * The gradients of the expanding weight and of bn0, given bn1's slopes. Returns what takes du and x̂ to dx: a matrix
 * [H + C, C] and a bias [C] behind it.
 */
export function expandBackwardWeight(
  device: Device,
  { du, slopes, weight, x, norms }: Expansion & { slopes: Tensor; weight: Tensor },
  { dweight, dgamma, dbeta }: Gradients,
): Tensor {
  const v = vector(nchw(x).plane, x);
  const { c: columns } = nchw(x);
  const inTile = (rows: number) => Math.ceil(columns / Math.ceil(nchw(du).c / rows));
  const work = { kernel: expandBackwardWeightKernel, x, y: du };
  const others = { channels: columns, inTile, sides: false };
  const { constants, workgroups, shape, slabs } = outer(device, work, v.WIDTH, others);
  const { C_IN, C_OUT } = constants;
  const partial = device.tensor(shape);
  device.dispatch({
    kernel: expandBackwardWeightKernel,
    constants: { ...v, ...constants },
    reads: { du, x, norms },
    writes: { partial },
    workgroups,
    flops: 2 * C_IN * size(du) + (2 * C_IN + 2) * size(x),
  });
  const through = device.tensor([C_OUT + C_IN + 1, C_IN]);
  device.dispatch({
    kernel: expandMergeKernel,
    constants: {
      ...SMALL,
      ...{ LANES: teamLanes(device), SUMS: 2, CHANNELS: C_IN },
      ...{ C_IN, C_OUT, SLABS: slabs, PIXELS: size(x) / C_IN },
    },
    reads: { partial, weight, norms, slopes },
    writes: { dweight, dgamma, dbeta, through },
    workgroups: [C_IN],
    flops: size(partial) + (5 * C_IN + 10) * size(dweight),
  });
  return through;
}

/** dx[N,C,…], with what came by the shortcut added. */
export function expandBackwardInput(
  device: Device,
  { du, x, norms, through, skip, dx }: Expansion & { through: Tensor; skip: Tensor; dx: Tensor },
): void {
  const v = vector(nchw(x).plane, x);
  const { constants, groups } = product(
    device,
    { kernel: expandBackwardInputKernel, x: du, y: x, how: 'transposed' },
    v.WIDTH,
  );
  const [, channels] = x.shape;
  device.dispatch({
    kernel: expandBackwardInputKernel,
    constants: { ...v, ...constants, ...groups.constants, SOURCES: 2, C_IN1: channels },
    reads: { du, x, norms, weight: through, skip },
    writes: { dx },
    workgroups: [groups.x, groups.tiles, groups.z],
    flops: 2 * channels * size(du) + (2 * channels + 4) * size(x),
  });
}
