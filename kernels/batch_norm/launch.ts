import type { Device } from '../../src/runtime/device.ts';
import { bytesPer, size, type Tensor } from '../../src/runtime/tensor.ts';
import { type ActivationKind, activationConstants, activationOf } from '../activation/table.ts';
import { nchw, vector, WORKGROUP_SIZE } from '../common/launch.ts';
import { planewise } from '../common/planes.ts';
import backwardInputKernel from './backward_input.wgsl';
import backwardReduceKernel from './backward_reduce.wgsl';
import finalizeKernel from './finalize.wgsl';
import normalizeKernel from './normalize.wgsl';
import normalizeBatchKernel from './normalize_batch.wgsl';
import runningKernel from './running.wgsl';
import statisticsKernel from './statistics.wgsl';

/** The activation that follows a normalisation in the same kernel. */
export type NormActivation = ActivationKind | 'none';

/** Running mean and variance [C], in one storage, the mean first. */
export interface Running {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Parameters and running statistics of a normalisation. */
export interface Norm {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly running: Running;
  readonly eps: number;
}

export interface TrainingNorm extends Norm {
  /** Weight of the batch statistics in the new running statistics. */
  readonly momentum: number;
}

/**
 * A tensor for moments [1 + rows, C, 4]: row 0 for the norms (store_norm.wgsl), then the partial rows
 * (workgroup_moments.wgsl).
 */
export const momentsTensor = (device: Device, rows: number, c: number) => device.tensor([1 + rows, c, 4]);

/** The norms [C,4] that a kernel with store_norm.wgsl stored in row 0 of the moments. */
export const storedNorms = (moments: Tensor): Tensor => ({ ...moments, shape: moments.shape.slice(1) });

/** Constants of batch_moments.wgsl, where `threadsPerChannel` threads merge the moments of a channel. */
export const mergedMoments = ({ capabilities }: Device, threadsPerChannel: number, moments: Tensor) => ({
  ...{ MOMENT_ROWS: moments.shape[0] - 1 },
  ...{ THREADS_PER_CHANNEL: threadsPerChannel, SHARED_MERGE: capabilities.sharedMerges },
});

/**
 * Constants, tensors and cost of a kernel that includes batch_statistics.wgsl, where `threadsPerChannel` threads merge the
 * moments of a channel.
 */
export function batchStatistics(
  device: Device,
  threadsPerChannel: number,
  moments: Tensor,
  { gamma, beta, running, eps, momentum }: TrainingNorm,
) {
  const { mean, variance } = running;
  const VARIANCE = (variance.offset - mean.offset) / bytesPer.f32;
  const meanAndVariance = { ...mean, shape: [VARIANCE + size(variance)] };
  return {
    constants: {
      ...{ EPS: eps, MOMENTUM: momentum, C: size(gamma), VARIANCE },
      ...mergedMoments(device, threadsPerChannel, moments),
    },
    reads: { moments, gamma, beta },
    writes: { running: meanAndVariance },
    /** Reads the moments, γ and β; reads and writes the running statistics. */
    bytes: bytesPer.f32 * (size(moments) + 6 * size(gamma)),
    flops: 8 * size(moments),
  };
}

/** Returns the moments of x[N,C,H,W]. */
export function statistics(device: Device, x: Tensor): Tensor {
  const { constants, chunks } = channelChunks(device, x);
  const momentsOut = momentsTensor(device, chunks, constants.C);
  device.dispatch({
    kernel: statisticsKernel,
    constants: { ...constants, ...oneChannel(constants.C) },
    reads: { x },
    writes: { moments_out: momentsOut },
    workgroups: [constants.C, chunks],
    flops: 4 * size(x),
  });
  return momentsOut;
}

/**
 * Returns norms[C,4], which are mean, 1/√(variance + eps), γ and β of each channel, from the moments of a batch, in whose row
 * 0 they are stored. Updates the running statistics.
 */
export function batchNorms(device: Device, moments: Tensor, norm: TrainingNorm): Tensor {
  const threads = device.capabilities.teamThreads;
  const { constants, reads, writes, ...cost } = batchStatistics(device, threads, moments, norm);
  const norms = storedNorms(moments);
  device.dispatch({
    kernel: finalizeKernel,
    constants: { WIDTH: 1, HALF: false, WORKGROUP_SIZE: threads, ...constants },
    reads: { gamma: reads.gamma, beta: reads.beta },
    writes: { ...writes, moments },
    workgroups: [constants.C],
    flops: cost.flops,
    bytes: cost.bytes + bytesPer.f32 * size(norms),
  });
  return norms;
}

/** Returns norms[C,4] from the running statistics. */
export function runningNorms(device: Device, { gamma, beta, running, eps }: Norm): Tensor {
  const c = size(gamma);
  const norms = device.tensor([c, 4]);
  device.dispatch({
    kernel: runningKernel,
    constants: { WIDTH: 1, HALF: false, WORKGROUP_SIZE, C: c, EPS: eps },
    reads: { running_mean: running.mean, running_variance: running.variance, gamma, beta },
    writes: { norms },
    workgroups: [Math.ceil(c / WORKGROUP_SIZE)],
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
    constants: { ...constants, ...activationConstants(activation) },
    reads: { x, norms },
    writes: { y },
    workgroups,
    flops: (4 + activationOf(activation).flops.value) * size(x),
  });
}

interface NormalizeBatch {
  readonly x: Tensor;
  /** Of x; the norms are stored in their row 0. */
  readonly moments: Tensor;
  readonly norm: TrainingNorm;
  /** Added before the activation. */
  readonly skip?: Tensor;
  readonly activation: NormActivation;
  readonly y: Tensor;
}

/** y = act(γ·x̂ + β (+ skip)), all [N,C,H,W]. */
export function normalizeBatch(device: Device, launch: NormalizeBatch): void {
  dispatchNormalizeBatch(device, launch, false);
}

/** The same; also returns the moments of y. */
export const normalizeBatchWithMoments = (device: Device, launch: NormalizeBatch): Tensor =>
  dispatchNormalizeBatch(device, launch, true)!;

function dispatchNormalizeBatch(
  device: Device,
  { x, moments, norm, skip, activation, y }: NormalizeBatch,
  withMoments: boolean,
) {
  const { constants, chunks } = channelChunks(device, x);
  const statistics = batchStatistics(device, constants.WORKGROUP_SIZE, moments, norm);
  const momentsOut = withMoments ? momentsTensor(device, chunks, constants.C) : undefined;
  device.dispatch({
    kernel: normalizeBatchKernel,
    constants: {
      ...constants,
      ...oneChannel(constants.C),
      ...statistics.constants,
      ...activationConstants(activation),
      SKIP: skip !== undefined,
      WITH_MOMENTS: withMoments,
    },
    reads: { x, ...statistics.reads, skip },
    writes: { ...statistics.writes, moments, y, ...(momentsOut && { moments_out: momentsOut }) },
    workgroups: [constants.C, chunks],
    flops:
      (4 + activationOf(activation).flops.value + (skip ? 1 : 0) + (withMoments ? 4 : 0)) * size(x) + statistics.flops,
  });
  return momentsOut;
}

interface Backward {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly norms: Tensor;
  readonly activation: NormActivation;
  /** Whether mean and variance are those of x. */
  readonly training: boolean;
  /** What was added before the activation, and the output for its gradient. */
  readonly added?: { readonly skip: Tensor; readonly dskip: Tensor };
  readonly dx: Tensor;
  /** Required in training. */
  readonly parameters?: ParameterGradients;
}

/** Outputs [C]: gradients of γ and β, of a bias added to x and of a bias added to the normalised value. */
interface ParameterGradients {
  readonly dgamma: Tensor;
  readonly dbeta: Tensor;
  readonly dbias?: Tensor;
  readonly dbiasAfter?: Tensor;
}

/** Gradients from dy, the gradient of act(…): of x, and of the parameters if they are wanted. */
export function backward(device: Device, launch: Backward): void {
  const { x, dy, norms, activation, training, added, dx, parameters } = launch;
  const cut = channelChunks(device, x);
  const { constants, chunks } = cut;
  const partial = parameters && backwardReduce(device, launch, cut, parameters.dbias);
  // With something added, the reduction has written du.
  const [gradient, slope] = added ? [added.dskip, 'none' as const] : [dy, activation];
  const { dgamma, dbeta, dbiasAfter } = parameters ?? {};
  device.dispatch({
    kernel: backwardInputKernel,
    constants: {
      ...{ ...constants, CHUNKS: chunks, PIXELS: size(x) / constants.C, SUMS: 2, TRAINING: training },
      ...{ SUMMED: parameters !== undefined, BIAS_AFTER: dbiasAfter !== undefined, ...activationConstants(slope) },
    },
    reads: { x, dy: gradient, norms, partial },
    writes: {
      dx,
      ...(dgamma && { dgamma }),
      ...(dbeta && { dbeta }),
      ...(dbiasAfter && { dbias_after: dbiasAfter }),
    },
    workgroups: [constants.C, chunks],
    flops: (slope === 'none' ? 5 : 10 + activationOf(slope).flops.slope) * size(x) + (partial ? size(partial) : 0),
  });
}

/** Returns partial sums [chunks,C,2] of the gradients of γ and β. */
function backwardReduce(
  device: Device,
  { x, dy, norms, activation, added }: Backward,
  { constants, chunks }: ReturnType<typeof channelChunks>,
  dbias?: Tensor,
): Tensor {
  const partial = device.tensor([chunks, constants.C, 2]);
  device.dispatch({
    kernel: backwardReduceKernel,
    constants: {
      ...{ ...constants, SUMS: 2, ...activationConstants(activation) },
      ...{ SKIP: added !== undefined, BIAS: dbias !== undefined },
    },
    reads: { x, dy, norms, skip: added?.skip },
    writes: { partial, ...(added && { dskip: added.dskip }), ...(dbias && { dbias }) },
    workgroups: [constants.C, chunks],
    flops: (8 + activationOf(activation).flops.slope) * size(x),
  });
  return partial;
}

/** The constants of workgroup_moments.wgsl for a workgroup that stays in one channel. */
export const oneChannel = (c: number) => ({ TILE_O: 1, SLICES: 1, C_OUT: c });

/**
 * Cuts each channel's pixels into chunks: enough workgroups to fill a GPU, each with some vectors for every thread, and few
 * enough rows of partial sums for the one thread that adds them.
 */
function channelChunks(device: Device, x: Tensor) {
  const threads = device.capabilities.teamThreads;
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const vectors = (n * plane) / v.WIDTH;
  const { statistics, statisticsRows } = device.capabilities.sums;
  const wanted = Math.min(statisticsRows, Math.ceil(statistics / c), Math.ceil(vectors / (8 * threads)));
  const chunk = Math.ceil(vectors / wanted);
  return {
    constants: { ...v, WORKGROUP_SIZE: threads, N: n, C: c, PLANE: plane / v.WIDTH, CHUNK: chunk },
    chunks: Math.ceil(vectors / chunk),
  };
}
