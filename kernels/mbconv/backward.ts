import type { Capabilities } from '../../src/runtime/capabilities.ts';
import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationConstants, activationOf } from '../activation/table.ts';
import type { NormActivation } from '../batch_norm/launch.ts';
import { nchw, vector, WORKGROUP_SIZE } from '../common/launch.ts';
import { threadsPerPlane } from '../common/planes.ts';
import { roundUp } from '../common/tiles.ts';
import { outer, product } from '../pointwise/launch.ts';
import {
  backwardLayers,
  type Gate,
  gateConstants,
  type LayerSums,
  type SqueezeExciteAttrs,
} from '../squeeze_excite/launch.ts';
import backwardExciteKernel from './backward_excite.wgsl';
import expandBackwardInputKernel from './expand_backward_input.wgsl';
import expandBackwardWeightKernel from './expand_backward_weight.wgsl';
import expandMergeKernel from './expand_merge.wgsl';
import projectBackwardInputKernel from './project_backward_input.wgsl';
import projectBackwardWeightKernel from './project_backward_weight.wgsl';
import projectMergeKernel from './project_merge.wgsl';

/** The most parts of a plane. A kernel that reads a sum over a plane adds up its parts. */
const MOST_PARTS = 8;

/** Constants of common/vector.wgsl for kernels that read no pixels. */
const SMALL = { WIDTH: 1, HALF: false };

/** Outputs of a merge: the gradients of a convolution's weight and of the normalisation before or after it. */
interface Gradients {
  readonly dweight: Tensor;
  readonly dgamma: Tensor;
  readonly dbeta: Tensor;
}

/**
 * Backward through p = project · z, z = gate · act(bn2(d)), and bn3(p): dy[N,C,…] is the gradient of bn3(p); p[N,C,…] and
 * d[N,H,…] are saved by the forward pass.
 */
interface Projection {
  readonly dy: Tensor;
  readonly p: Tensor;
  readonly d: Tensor;
  readonly norms2: Tensor;
}

/** The gradients of the projection's weight and of bn3. Returns bn3's backwardNorms[C,4]. */
export function projectBackwardWeight(
  device: Device,
  { dy, p, norms3, d, norms2, gate }: Projection & { norms3: Tensor; gate?: Tensor },
  { dweight, dgamma, dbeta }: Gradients,
  activation: NormActivation,
): Tensor {
  const v = vector(nchw(d).plane, d);
  const work = { kernel: projectBackwardWeightKernel, x: d, y: dy };
  const extra = { rows: nchw(dy).c, perTile: (rows: number) => rows, vectorSums: true };
  const { constants, workgroups, shape, chunks } = outer(device, work, v.WIDTH, extra);
  const { C_IN, C_OUT } = constants;
  const partial = device.tensor(shape);
  device.dispatch({
    kernel: projectBackwardWeightKernel,
    constants: { ...v, ...constants, ...activationConstants(activation), GATED: gate !== undefined },
    reads: { dy, p, d, norms: norms2, norms3, gate },
    writes: { partial },
    workgroups,
    flops: ((gate ? 5 : 4) + activationOf(activation).flops.value + 4 * C_OUT) * size(d) + 7 * size(dy),
  });
  const backwardNorms = device.tensor([C_OUT, 4]);
  const merges = foldWorkgroups(Math.ceil((C_IN * C_OUT) / WORKGROUP_SIZE));
  device.dispatch({
    kernel: projectMergeKernel,
    constants: { ...SMALL, WORKGROUP_SIZE, C_IN, C_OUT, CHUNKS: chunks, PIXELS: size(dy) / C_OUT, GROUPS_X: merges[0] },
    reads: { partial, norms: norms3 },
    writes: { dweight, dgamma, dbeta, backward_norms: backwardNorms },
    workgroups: merges,
    flops: size(partial) + 4 * size(dweight),
  });
  return backwardNorms;
}

/**
 * Returns dz[N,H,…] and sums[parts,N,H,3]: Σ dz·act(u), Σ dz·act′(u) and Σ dz·act′(u)·x̂ of each part of a plane, where u =
 * γ·x̂ + β = bn2(d).
 */
export function projectBackwardInput(
  device: Device,
  { dy, p, backwardNorms, weight, d, norms2 }: Projection & { backwardNorms: Tensor; weight: Tensor },
  activation: NormActivation,
) {
  const { n, c, plane } = nchw(d);
  const v = vector(plane, d);
  const { constants, groups, lanes } = product(
    device,
    { kernel: projectBackwardInputKernel, x: dy, y: d, variant: 'transposed' },
    v.WIDTH,
    device.capabilities.teamThreads,
    { perThread: 12, fixed: 0 }, // the three sums of a channel
  );
  const perPlane = threadsPerPlane(lanes, plane / v.WIDTH / constants.VECTORS);
  const imageGroups = Math.ceil(n / (lanes / perPlane));
  const threads = imageGroups * groups.tiles * constants.WORKGROUP_SIZE;
  const { PART, PARTS } = partsOfPlane(device.capabilities, plane / v.WIDTH, perPlane * constants.VECTORS, threads);
  const [workgroups, folds] = foldWorkgroups(imageGroups * PARTS);
  const dz = device.tensor(d.shape, d.dtype);
  const sums = device.tensor([PARTS, n, c, 3]);
  const { value, slope } = activationOf(activation).flops;
  device.dispatch({
    kernel: projectBackwardInputKernel,
    constants: {
      ...v,
      ...constants,
      THREADS_PER_PLANE: perPlane,
      ...{ N: n, PART, PARTS, GROUPS_X: workgroups },
      ...activationConstants(activation),
    },
    reads: { dy, p, backward_norms: backwardNorms, weight, d, norms: norms2 },
    writes: { dz, sums },
    workgroups: [workgroups, groups.tiles, folds],
    flops: 5 * size(dy) + (2 * dy.shape[1] + 4 + value + slope + 6) * size(d),
  });
  return { dz, sums };
}

/**
 * Cuts each plane into parts of whole steps: as many as keep half of the adapter's threads busy, where one part of every
 * plane takes `threads`.
 */
function partsOfPlane({ threads: enough }: Capabilities, vectors: number, step: number, threads: number) {
  const wanted = Math.min(MOST_PARTS, Math.ceil(vectors / step), Math.max(1, Math.floor(enough / 2 / threads)));
  const PART = roundUp(vectors / wanted, step);
  return { PART, PARTS: Math.ceil(vectors / PART) };
}

interface BackwardExcite extends Gate {
  readonly sums: Tensor;
  readonly reduceWeight: Tensor;
  readonly expandWeight: Tensor;
}

/** Backward through the gate, from `sums`. Returns planes[N,H,4] (plane.wgsl). */
export function backwardExcite(
  device: Device,
  { sums, squeezed, savedGate, reduced, reduceWeight, expandWeight }: BackwardExcite,
  planePixels: number,
  { activation, gate: kind }: SqueezeExciteAttrs,
  wanted: LayerSums,
): Tensor {
  const planes = device.tensor([...savedGate.shape, 4]);
  const layers = backwardLayers(device, { reduced, savedGate }, activation, wanted);
  device.dispatch({
    kernel: backwardExciteKernel,
    constants: { ...layers.constants, ...gateConstants(kind), PLANE_PIXELS: planePixels, PARTS: sums.shape[0] },
    reads: { sums, squeezed, saved: savedGate, reduced, reduce_weight: reduceWeight, expand_weight: expandWeight },
    writes: { planes, partial: layers.partial },
    workgroups: layers.workgroups,
    flops: layers.flops + 8 * size(savedGate),
  });
  return planes;
}

/** Backward through bn1(expand · bn0(x)): du[N,H,…] is the gradient of bn1's output. */
interface Expansion {
  readonly du: Tensor;
  readonly x: Tensor;
  /** Of bn0, or those that centre x (expand_plain.wgsl). */
  readonly norms: Tensor;
}

/** The gradients of the expansion's weight and of bn0, which a block may lack. */
type ExpandGradients = Pick<Gradients, 'dweight'> & Partial<Gradients>;

/**
 * The gradients of the expansion's weight and of bn0, given the rows that `depthwiseBackward` returned. Returns inputMatrix
 * [H + C + 1, C]: the matrix that multiplies du and x̂ to give dx, and in its last row a bias.
 */
export function expandBackwardWeight(
  device: Device,
  { du, depthwiseSums, weight, x, norms }: Expansion & { depthwiseSums: Tensor; weight: Tensor },
  { dweight, dgamma, dbeta }: ExpandGradients,
): Tensor {
  const v = vector(nchw(x).plane, x);
  const { c: columns } = nchw(x);
  const perTile = (rows: number) => Math.ceil(columns / Math.ceil(nchw(du).c / rows));
  const work = { kernel: expandBackwardWeightKernel, x, y: du };
  const extra = { rows: columns, perTile, vectorSums: false };
  const { constants, workgroups, shape, chunks } = outer(device, work, v.WIDTH, extra);
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
  const inputMatrix = device.tensor([C_OUT + C_IN + 1, C_IN]);
  device.dispatch({
    kernel: expandMergeKernel,
    constants: {
      ...SMALL,
      ...{ WORKGROUP_SIZE: device.capabilities.teamThreads, SUMS: 2, CHANNELS: C_IN, HIDDEN: C_OUT },
      ...{ C_IN, C_OUT, CHUNKS: chunks, PIXELS: size(x) / C_IN, BN0: dgamma !== undefined },
      ...{ DEPTHWISE_CHUNKS: depthwiseSums.shape[0], COLUMNS: depthwiseSums.shape[1] / C_OUT },
    },
    reads: { partial, weight, norms, depthwise_sums: depthwiseSums },
    writes: { dweight, ...(dgamma && { dgamma }), ...(dbeta && { dbeta }), input_matrix: inputMatrix },
    workgroups: [C_IN],
    flops: size(partial) + (5 * C_IN + 10) * size(dweight),
  });
  return inputMatrix;
}

/** dx[N,C,…] = inputMatrix · (du, x̂) + bias (+ skip), where skip is the gradient through the shortcut. */
export function expandBackwardInput(
  device: Device,
  { du, x, norms, inputMatrix, skip, dx }: Expansion & { inputMatrix: Tensor; skip?: Tensor; dx: Tensor },
): void {
  const v = vector(nchw(x).plane, x);
  const { constants, groups } = product(
    device,
    { kernel: expandBackwardInputKernel, x: du, y: x, variant: 'transposed' },
    v.WIDTH,
  );
  const [, channels] = x.shape;
  device.dispatch({
    kernel: expandBackwardInputKernel,
    constants: { ...v, ...constants, ...groups.constants, SOURCES: 2, C_IN1: channels, SKIP: skip !== undefined },
    reads: { du, x, norms, weight: inputMatrix, skip },
    writes: { dx },
    workgroups: [groups.x, groups.tiles, groups.z],
    flops: 2 * channels * size(du) + (2 * channels + 4) * size(x),
  });
}
