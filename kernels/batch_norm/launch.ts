import type { Device } from '../../src/runtime/device.ts';
import { bytesPer, size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationFlops } from '../common/activation.ts';
import { LANES, nchw, teamLanes, vector } from '../common/launch.ts';
import { planewise } from '../common/planes.ts';
import backwardInputKernel from './backward_input.wgsl';
import backwardMergeKernel from './backward_merge.wgsl';
import backwardReduceKernel from './backward_reduce.wgsl';
import finalizeKernel from './finalize.wgsl';
import joinKernel from './join.wgsl';
import normalizeKernel from './normalize.wgsl';
import runningKernel from './running.wgsl';
import statisticsKernel from './statistics.wgsl';

/** The activation that follows a normalisation in the same kernel. */
export type NormActivation = 'none' | 'gelu' | 'silu';

/** Mean and variance [C] of former batches, in one storage, the mean first. */
export interface Running {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** What a normalisation is made of, beside what it is applied to. */
export interface Norm {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly running: Running;
  readonly eps: number;
}

export interface TrainingNorm extends Norm {
  /** How far one batch moves the running statistics. */
  readonly momentum: number;
}

/** Room for a picture's moments [1 + rows, C, 4], as batch_norm/lane_moments.wgsl leaves them. */
export const momentsTensor = (device: Device, rows: number, c: number) => device.tensor([1 + rows, c, 4]);

/** The norms [C,4] that a kernel with batch_norm/fold.wgsl has put in front of the moments. */
export const normsIn = (moments: Tensor): Tensor => ({ ...moments, shape: moments.shape.slice(1) });

/** Constants and tensors of a kernel that includes batch_norm/fold.wgsl, `mergers` of whose lanes share a channel. */
export function folded(
  { adapter }: Device,
  mergers: number,
  moments: Tensor,
  { gamma, beta, running, eps, momentum }: TrainingNorm,
) {
  const { mean, variance } = running;
  const VARIANCE = (variance.offset - mean.offset) / bytesPer.f32;
  if (mean.storage !== variance.storage || VARIANCE < size(mean)) {
    throw new Error('batchNorm: running mean and variance must lie in one storage, in this order');
  }
  const both = { ...mean, shape: [VARIANCE + size(variance)] };
  return {
    constants: {
      ...{ EPS: eps, MOMENTUM: momentum, C: size(gamma) },
      ...{ PARTS: moments.shape[0] - 1, VARIANCE, MERGERS: mergers, SHARED: adapter.kind === 'gpu' },
    },
    reads: { moments, gamma, beta },
    writes: { running: both },
    /** Read and written: the moments, γ and β, the running statistics. */
    bytes: bytesPer.f32 * (size(moments) + 6 * size(gamma)),
    flops: 8 * size(moments),
  };
}

/** The moments of x[N,C,H,W]: what x's maker left, unless another normalisation has taken it. */
export function momentsOf(device: Device, x: Tensor): Tensor {
  const left = x.moments?.tensor;
  if (!left) return statistics(device, x);
  x.moments!.tensor = undefined;
  return left;
}

/** The moments of x[N,C,H,W]. */
export function statistics(device: Device, x: Tensor): Tensor {
  const { constants, slabs } = slabsOf(device, x);
  const left = momentsTensor(device, slabs, constants.C);
  device.dispatch({
    kernel: statisticsKernel,
    constants: { ...constants, ...oneChannel(constants.C) },
    reads: { x },
    writes: { left },
    workgroups: [constants.C, slabs],
    flops: 4 * size(x),
  });
  return left;
}

/**
 * norms[C,4]: mean, 1/√(variance + eps), γ and β of each channel, from the moments of a batch. Moves the running
 * statistics.
 */
export function batchNorms(device: Device, moments: Tensor, norm: TrainingNorm): Tensor {
  const lanes = teamLanes(device);
  const { constants, reads, writes, ...cost } = folded(device, lanes, moments, norm);
  const norms = device.tensor([constants.C, 4]);
  device.dispatch({
    kernel: finalizeKernel,
    constants: { WIDTH: 1, HALF: false, LANES: lanes, ...constants },
    reads,
    writes: { ...writes, norms },
    workgroups: [constants.C],
    flops: cost.flops,
    bytes: cost.bytes + bytesPer.f32 * size(norms),
  });
  return norms;
}

/** norms[C,4] from the running statistics. */
export function runningNorms(device: Device, { gamma, beta, running, eps }: Norm): Tensor {
  const c = size(gamma);
  const norms = device.tensor([c, 4]);
  device.dispatch({
    kernel: runningKernel,
    constants: { WIDTH: 1, HALF: false, LANES, C: c, EPS: eps },
    reads: { running_mean: running.mean, running_variance: running.variance, gamma, beta },
    writes: { norms },
    workgroups: [Math.ceil(c / LANES)],
    flops: 2 * c,
  });
  return norms;
}

/** y = act(γ·x̂ + β), all [N,C,H,W]. */
export function normalize(
  device: Device,
  { x, norms, y, activation }: { x: Tensor; norms: Tensor; y: Tensor; activation: NormActivation },
): void {
  const { constants, workgroups } = planewise(x);
  device.dispatch({
    kernel: normalizeKernel,
    constants: { ...constants, ACTIVATION: activation },
    reads: { x, norms },
    writes: { y },
    workgroups,
    flops: (4 + activationFlops[activation].value) * size(x),
  });
}

interface Join {
  readonly x: Tensor;
  /** Of x; the norms are put in front of them. */
  readonly moments: Tensor;
  readonly norm: TrainingNorm;
  /** Added before the activation. */
  readonly skip?: Tensor;
  readonly activation: NormActivation;
  readonly y: Tensor;
}

/** y = act(γ·x̂ + β (+ skip)), all [N,C,H,W]. */
export function join(device: Device, launch: Join): void {
  dispatchJoin(device, launch, false);
}

/** The same. Returns y's moments. */
export const joinLeaving = (device: Device, launch: Join): Tensor => dispatchJoin(device, launch, true)!;

function dispatchJoin(device: Device, { x, moments, norm, skip, activation, y }: Join, leave: boolean) {
  const { constants, slabs } = slabsOf(device, x);
  const fold = folded(device, constants.LANES, moments, norm);
  const left = leave ? momentsTensor(device, slabs, constants.C) : undefined;
  device.dispatch({
    kernel: joinKernel,
    constants: {
      ...constants,
      ...oneChannel(constants.C),
      ...fold.constants,
      ACTIVATION: activation,
      SKIP: skip !== undefined,
      LEAVE: leave,
    },
    reads: { x, ...fold.reads, skip },
    writes: { ...fold.writes, moments, y, ...(left && { left }) },
    workgroups: [constants.C, slabs],
    flops: (4 + activationFlops[activation].value + (skip ? 1 : 0) + (leave ? 4 : 0)) * size(x) + fold.flops,
  });
  return left;
}

/** Where the gradients of γ and β [C] go, and of a bias in front of the normalisation and one that is added behind it. */
interface Gradients {
  readonly dgamma: Tensor;
  readonly dbeta: Tensor;
  readonly dbias?: Tensor;
  readonly dbiasBehind?: Tensor;
}

interface Backward {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly norms: Tensor;
}

interface BackwardParameters extends Backward, Gradients {
  readonly activation: NormActivation;
  readonly training: boolean;
  /** What `join` added before the activation, and where to keep the gradient in front of that: the skip's own. */
  readonly joined?: { readonly skip: Tensor; readonly kept: Tensor };
}

/** The gradients from dy behind an activation. Returns what takes a gradient back to x, slopes[C,4]. */
export function backwardParameters(
  device: Device,
  { x, dy, norms, activation, training, joined, ...gradients }: BackwardParameters,
): Tensor {
  const { constants, slabs } = slabsOf(device, x);
  const partial = device.tensor([slabs, constants.C, 2]);
  device.dispatch({
    kernel: backwardReduceKernel,
    constants: { ...constants, SUMS: 2, ACTIVATION: activation, SKIP: joined !== undefined },
    reads: { x, dy, norms, skip: joined?.skip },
    writes: { partial, ...(joined && { kept: joined.kept }) },
    workgroups: [constants.C, slabs],
    flops: (8 + activationFlops[activation].slope) * size(x),
  });
  return mergeGradients(device, { x, partial, norms, training, ...gradients });
}

interface Merge extends Gradients {
  readonly x: Tensor;
  readonly partial: Tensor;
  readonly norms: Tensor;
  readonly training: boolean;
}

function mergeGradients(
  device: Device,
  { x, partial, norms, training, dgamma, dbeta, dbias, dbiasBehind }: Merge,
): Tensor {
  const [slabs, c] = partial.shape;
  const slopes = device.tensor([c, 4]);
  device.dispatch({
    kernel: backwardMergeKernel,
    constants: {
      ...{ WIDTH: 1, HALF: false, LANES, C: c, SLABS: slabs, PIXELS: size(x) / c, TRAINING: training },
      ...{ BIAS: dbias !== undefined, BIAS_BEHIND: dbiasBehind !== undefined },
    },
    reads: { partial, norms },
    writes: {
      ...{ dgamma, dbeta, slopes },
      ...(dbias && { dbias }),
      ...(dbiasBehind && { dbias_behind: dbiasBehind }),
    },
    workgroups: [Math.ceil(c / LANES)],
    flops: size(partial) + 6 * c,
  });
  return slopes;
}

/** dx[N,C,H,W], from dy behind an activation and the slopes. */
export function backwardInput(
  device: Device,
  { x, dy, norms, activation, slopes, dx }: Backward & { activation: NormActivation; slopes: Tensor; dx: Tensor },
): void {
  const { constants, workgroups } = planewise(x);
  device.dispatch({
    kernel: backwardInputKernel,
    constants: { ...constants, ACTIVATION: activation },
    reads: { x, dy, slopes, ...(activation !== 'none' && { norms }) },
    writes: { dx },
    workgroups,
    flops: (activation === 'none' ? 5 : 10 + activationFlops[activation].slope) * size(x),
  });
}

/** The constants of lane_moments.wgsl for a workgroup that stays in one channel. */
export const oneChannel = (c: number) => ({ TILE_O: 1, C_OUT: c });

/**
 * A channel's pixels in slabs: enough workgroups to fill a GPU, each with some vectors for every lane, and few enough for
 * the one thread that adds up what they leave.
 */
function slabsOf(device: Device, x: Tensor) {
  const lanes = teamLanes(device);
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const vectors = (n * plane) / v.WIDTH;
  const [most, groups] = device.adapter.kind === 'gpu' ? [64, 2048] : [8, 128];
  const wanted = Math.min(most, Math.ceil(groups / c), Math.ceil(vectors / (8 * lanes)));
  const slab = Math.ceil(vectors / wanted);
  return {
    constants: { ...v, LANES: lanes, N: n, C: c, PLANE: plane / v.WIDTH, SLAB: slab },
    slabs: Math.ceil(vectors / slab),
  };
}
