import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationConstants, activationOf } from '../activation/table.ts';
import type { NormActivation } from '../batch_norm/launch.ts';
import { mergedSums, nchw, type Work, windows } from '../common/launch.ts';
import { bandsOf, flopsOf, sideOf } from '../depthwise/launch.ts';
import { type Sum, sideBySide } from '../reduce/launch.ts';
import depthwiseBackwardKernel from './depthwise_backward.wgsl';
import depthwiseBackwardStridedKernel from './depthwise_backward_strided.wgsl';

interface DepthwiseBackward {
  readonly dz: Tensor;
  readonly d: Tensor;
  /** The input of bn1, or of the depthwise convolution if the block has no expansion. */
  readonly e: Tensor;
  /** [rows,H,4]: the norms of bn2 in row 0 and, in a block with an expansion, those of bn1 in the last row. */
  readonly norms: Tensor;
  /** [parts,N,H,3], from projectBackwardInput. */
  readonly sums: Tensor;
  /** Of a block with a gate. */
  readonly planes?: Tensor;
  readonly weight: Tensor;
  readonly stride: number;
}

/** The gradients of the weight and of the normalisations around it, those that are wanted. */
interface DepthwiseSums {
  readonly depthwise?: Sum;
  readonly gamma1?: Sum;
  readonly beta1?: Sum;
  readonly gamma2?: Sum;
  readonly beta2?: Sum;
}

/**
 * Backward through the depthwise convolution, after bn2 and, in a block with an expansion, act(bn1(e)): dx[N,H,…] is the
 * gradient of bn1(e), else of e. Returns the rows of partial sums (depthwise_gradient.wgsl), with the gradients of bn1.
 */
export function depthwiseBackward(
  device: Device,
  { dz, d, e, norms, planes, sums, weight, stride }: DepthwiseBackward,
  { dx, expanded, wanted }: { dx: Tensor; expanded: boolean; wanted: DepthwiseSums },
  activation: NormActivation,
): Tensor {
  const { n, c } = nchw(d);
  const side = sideOf(weight);
  const strided = stride === 2;
  const kernel = strided ? depthwiseBackwardStridedKernel : depthwiseBackwardKernel;
  const work = { kernel, x: e, y: d, variant: `${side}×${side}` };
  const { constants, positions } = strided ? vectorPositions(work, side) : bandPositions(device, work, side);
  const chunked = mergedSums(device, work, positions, c);
  const columns = [
    { count: size(weight), sum: wanted.depthwise },
    { count: c, sum: wanted.gamma2 },
    { count: c, sum: wanted.beta2 },
    ...(expanded ? [{ count: c, sum: wanted.gamma1 }, { count: c, sum: wanted.beta1 }, { count: 2 * c }] : []),
  ];
  const partial = sideBySide(device, columns, chunked.chunks);
  const { value, slope } = activationOf(activation).flops;
  const perGradient = (planes ? 11 : 9) + slope + 2 * flopsOf(weight);
  device.dispatch({
    kernel,
    constants: {
      ...{ ...constants, ...chunked.constants, ...activationConstants(activation) },
      ...{ N: n, C: c, PIXELS: size(d) / c, NORM1_ROW: norms.shape[0] - 1, PARTS: sums.shape[0] },
      ...{ SUMS: side ** 2 + (expanded ? 2 : 0), COLUMNS: partial.shape[1] / c },
      ...{ GATED: planes !== undefined, EXPANDED: expanded },
    },
    reads: { dz, d, e, norms, planes, sums: planes ? undefined : sums, weight },
    writes: { dx, partial },
    workgroups: [c, chunked.chunks],
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
