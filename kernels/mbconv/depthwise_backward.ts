import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationConstants, activationOf } from '../activation/table.ts';
import type { NormActivation } from '../batch_norm/launch.ts';
import { mergedSums, nchw, WORKGROUP_SIZE, type Work, windows } from '../common/launch.ts';
import { bandsOf, flopsOf, sideOf } from '../depthwise/launch.ts';
import type { Sum } from '../reduce/launch.ts';
import { type Gradients, SMALL } from './backward.ts';
import bn2BackwardKernel from './bn2_backward.wgsl';
import depthwiseBackwardKernel from './depthwise_backward.wgsl';
import depthwiseBackwardStridedKernel from './depthwise_backward_strided.wgsl';
import depthwiseMergeKernel from './depthwise_merge.wgsl';

interface Bn2Backward {
  readonly sums: Tensor;
  /** Of a block with a gate. */
  readonly slopeSums?: Tensor;
  readonly planes?: Tensor;
  /** Of a block with an expansion. */
  readonly norms1?: Tensor;
  readonly norms2: Tensor;
}

/** The gradients of bn2. Returns channels[H,12]: all that the depthwise backward pass needs of a channel (channel.wgsl). */
export function bn2Backward(
  device: Device,
  { sums, slopeSums, planes, norms1, norms2 }: Bn2Backward,
  planePixels: number,
  { dgamma, dbeta }: Pick<Gradients, 'dgamma' | 'dbeta'>,
): Tensor {
  const [n, c] = sums.shape;
  const channels = device.tensor([c, 12]);
  device.dispatch({
    kernel: bn2BackwardKernel,
    constants: {
      ...SMALL,
      WORKGROUP_SIZE: device.capabilities.teamThreads,
      SUMS: 2,
      N: n,
      C: c,
      PIXELS: n * planePixels,
      GATED: planes !== undefined,
      EXPANDED: norms1 !== undefined,
    },
    reads: { sums, slope_sums: slopeSums, planes, norms1, norms2 },
    writes: { dgamma, dbeta, channels },
    workgroups: [c],
    flops: (planes ? 8 : 2) * n * c,
  });
  return channels;
}

interface DepthwiseBackward {
  readonly dz: Tensor;
  readonly d: Tensor;
  /** The input of bn1, or of the depthwise convolution if the block has no expansion. */
  readonly e: Tensor;
  readonly channels: Tensor;
  /** Of a block with a gate. */
  readonly planes?: Tensor;
  readonly weight: Tensor;
  readonly stride: number;
}

/**
 * Backward through the depthwise convolution and act(bn1(e)). Returns du[N,H,…], the gradient of bn1(e), and bn1's
 * backwardNorms[H,4]; writes the gradients of the weight and of bn1.
 */
export function depthwiseBackward(
  device: Device,
  inputs: DepthwiseBackward,
  { dweight, dgamma, dbeta }: Gradients,
  activation: NormActivation,
): { du: Tensor; backwardNorms: Tensor } {
  const { e, channels, weight } = inputs;
  const [c] = weight.shape;
  const taps = sideOf(weight) ** 2;
  const du = device.tensor(e.shape, e.dtype);
  const partial = dispatchBackward(device, inputs, activation, {
    expanded: true,
    dx: du,
    partials: (chunks) => device.tensor([chunks, c, taps + 2]),
  });
  const backwardNorms = device.tensor([c, 4]);
  device.dispatch({
    kernel: depthwiseMergeKernel,
    constants: { ...SMALL, WORKGROUP_SIZE, TAPS: taps, C: c, CHUNKS: partial.shape[0], PIXELS: size(e) / c },
    reads: { partial, channels },
    writes: { dweight, dgamma, dbeta, backward_norms: backwardNorms },
    workgroups: [Math.ceil(((taps + 1) * c) / WORKGROUP_SIZE)],
    flops: size(partial) + 6 * c,
  });
  return { du, backwardNorms };
}

/** The same for a block without an expansion, where e is x: writes dx and, if wanted, the gradient of the weight. */
export function depthwiseBackwardPlain(
  device: Device,
  inputs: DepthwiseBackward,
  { dx, dweight }: { dx: Tensor; dweight?: Sum },
  activation: NormActivation,
): void {
  const { shape } = inputs.weight;
  const partials = (chunks: number) => dweight?.partials(chunks) ?? device.tensor([chunks, ...shape]);
  dispatchBackward(device, inputs, activation, { expanded: false, dx, partials });
}

interface Outputs {
  readonly expanded: boolean;
  /** The gradient of bn1(e), or of x. */
  readonly dx: Tensor;
  /** Allocates the rows of partial sums. */
  partials(chunks: number): Tensor;
}

function dispatchBackward(
  device: Device,
  { dz, d, e, channels, planes, weight, stride }: DepthwiseBackward,
  activation: NormActivation,
  { expanded, dx, partials }: Outputs,
): Tensor {
  const { c } = nchw(d);
  const side = sideOf(weight);
  const strided = stride === 2;
  const kernel = strided ? depthwiseBackwardStridedKernel : depthwiseBackwardKernel;
  const work = { kernel, x: e, y: d, variant: `${side}×${side}` };
  const { constants, positions } = strided ? vectorPositions(work, side) : bandPositions(device, work, side);
  const sums = mergedSums(device, work, positions, c);
  const partial = partials(sums.chunks);
  const { value, slope } = activationOf(activation).flops;
  const perGradient = (planes ? 11 : 9) + slope + 2 * flopsOf(weight);
  device.dispatch({
    kernel,
    constants: {
      ...constants,
      ...sums.constants,
      C: c,
      SUMS: side ** 2 + (expanded ? 2 : 0),
      GATED: planes !== undefined,
      EXPANDED: expanded,
      ...activationConstants(activation),
    },
    reads: { dz, d, e, channels, planes, weight },
    writes: { dx, partial },
    workgroups: [c, sums.chunks],
    flops: perGradient * size(d) + (expanded ? 4 + value + slope + 5 : 0) * size(e),
  });
  return partial;
}

/** Constants for stride 1, where a thread walks down a band of rows, and the number of bands. */
function bandPositions(device: Device, work: Work, side: number) {
  const { constants, bands } = bandsOf(device, work, side, 1);
  return { constants, positions: bands };
}

/** Constants for stride 2, where a thread takes one vector of dd, and the number of vectors. */
function vectorPositions({ x, y }: Work, side: number) {
  const { n, h } = nchw(y);
  const constants = windows(side, 2, x, y);
  return { constants, positions: n * h * constants.ROW_OUT };
}
