import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationFlops } from '../common/activation.ts';
import { LANES, nchw, teamLanes, vector } from '../common/launch.ts';
import { planewise } from '../common/planes.ts';
import backwardInputKernel from './backward_input.wgsl';
import backwardMergeKernel from './backward_merge.wgsl';
import backwardReduceKernel from './backward_reduce.wgsl';
import finalizeKernel from './finalize.wgsl';
import normalizeKernel from './normalize.wgsl';
import runningKernel from './running.wgsl';
import statisticsKernel from './statistics.wgsl';

/** The activation that follows a normalisation in the same kernel. */
export type NormActivation = 'none' | 'gelu' | 'silu';

export interface Running {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

interface Norm {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly running: Running;
  readonly eps: number;
}

/**
 * norms[C,4]: mean, 1/√(variance + eps), γ and β of each channel of x[N,C,H,W], from this batch. Moves the running
 * statistics by `momentum`.
 */
export function batchNorms(
  device: Device,
  { x, gamma, beta, running, eps, momentum }: Norm & { x: Tensor; momentum: number },
): Tensor {
  const { constants, slabs, channels } = slabsOf(device, x);
  const { C } = constants;
  const partial = device.tensor([slabs, C, 3]);
  device.dispatch({
    kernel: statisticsKernel,
    constants,
    reads: { x },
    writes: { partial },
    workgroups: [C, slabs],
    flops: 4 * size(x),
  });
  const norms = device.tensor([C, 4]);
  device.dispatch({
    kernel: finalizeKernel,
    constants: {
      WIDTH: 1,
      HALF: false,
      LANES: constants.LANES,
      C,
      SLABS: slabs,
      CHANNELS: channels,
      EPS: eps,
      MOMENTUM: momentum,
    },
    reads: { partial, gamma, beta },
    writes: { norms, running_mean: running.mean, running_variance: running.variance },
    workgroups: [Math.ceil(C / channels)],
    flops: 8 * slabs * C,
  });
  return norms;
}

/** The same from the running statistics. */
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

interface Backward {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly norms: Tensor;
  readonly activation: NormActivation;
}

/** dgamma[C] and dbeta[C]. */
export function backwardParameters(
  device: Device,
  { x, dy, norms, activation, dgamma, dbeta }: Backward & { dgamma: Tensor; dbeta: Tensor },
): void {
  const { constants, slabs, channels } = slabsOf(device, x);
  const { C } = constants;
  const partial = device.tensor([slabs, C, 2]);
  device.dispatch({
    kernel: backwardReduceKernel,
    constants: { ...constants, SUMS: 2, ACTIVATION: activation },
    reads: { x, dy, norms },
    writes: { partial },
    workgroups: [C, slabs],
    flops: (8 + activationFlops[activation].slope) * size(x),
  });
  device.dispatch({
    kernel: backwardMergeKernel,
    constants: { LANES: constants.LANES, C, SLABS: slabs, CHANNELS: channels },
    reads: { partial },
    writes: { dgamma, dbeta },
    workgroups: [Math.ceil(C / channels)],
    flops: size(partial),
  });
}

/** dx[N,C,H,W]; with `batch`, the parameters' gradients, also through the batch's statistics. */
export function backwardInput(
  device: Device,
  { x, dy, norms, activation, batch, dx }: Backward & { batch?: { dgamma: Tensor; dbeta: Tensor }; dx: Tensor },
): void {
  const { constants, workgroups } = planewise(x);
  device.dispatch({
    kernel: backwardInputKernel,
    constants: {
      ...constants,
      ACTIVATION: activation,
      TRAINING: batch !== undefined,
      PIXELS: size(x) / constants.C,
    },
    reads: { x, dy, norms, ...batch },
    writes: { dx },
    workgroups,
    flops: ((batch ? 10 : 6) + activationFlops[activation].slope) * size(x),
  });
}

/**
 * A channel's pixels in slabs: enough workgroups to fill a GPU, each with some vectors for every lane, and no more slabs
 * than a merge has lanes; it takes as many channels as these are enough for.
 */
function slabsOf(device: Device, x: Tensor) {
  const lanes = teamLanes(device);
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const vectors = (n * plane) / v.WIDTH;
  const wanted = Math.min(lanes, Math.ceil(2048 / c), Math.ceil(vectors / (8 * lanes)));
  const slab = Math.ceil(vectors / wanted);
  const slabs = Math.ceil(vectors / slab);
  return {
    constants: { ...v, LANES: lanes, N: n, C: c, PLANE: plane / v.WIDTH, SLAB: slab },
    slabs,
    channels: Math.floor(lanes / slabs),
  };
}
