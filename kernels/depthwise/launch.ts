import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationConstants, activationOf } from '../activation/table.ts';
import type { BackwardInput, BackwardWeight, Forward } from '../common/convolution.ts';
import { coverPositions, mergedSums, nchw, tiles, type Work, windows } from '../common/launch.ts';
import { partialsOf } from '../reduce/launch.ts';
import backwardInputStridedKernel from './backward_input_strided.wgsl';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';
import { bandTiles } from './tiles.ts';

/** y[N,C,⌈H/s⌉,⌈W/s⌉] = act(weight[C,1,K,K] ∗ x[N,C,H,W] (+ bias[C])), channel by channel; K is 3 or 5. */
export function forward(device: Device, launch: Forward): void {
  multiply(device, launch, false, false);
}

/** The same. Returns a smaller tensor in f32 whose planes have the means of y's planes. */
export const forwardWithMeans = (device: Device, launch: Forward): Tensor => multiply(device, launch, false, true)!;

/** dx[N,C,H,W] from dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardInput(device: Device, { dy, weight, dx, stride }: BackwardInput): void {
  if (stride === 1) {
    multiply(device, { x: dy, weight, y: dx, stride }, true, false);
    return;
  }
  const { n, c, h } = nchw(dy);
  const rows = windows(sideOf(weight), stride, dx, dy);
  const groups = coverPositions(n * h * rows.ROW_OUT);
  device.dispatch({
    kernel: backwardInputStridedKernel,
    constants: { ...rows, ...groups.constants, PICTURE: 'dy', C: c },
    reads: { dy, weight },
    writes: { dx },
    workgroups: [groups.x, c, groups.z],
    flops: flopsOf(weight) * size(dy),
  });
}

function multiply(
  device: Device,
  { x, weight, bias, y, stride, activation = 'none' }: Forward,
  flipped: boolean,
  withMeans: boolean,
): Tensor | undefined {
  const { n, c } = nchw(y);
  const side = sideOf(weight);
  const work = { kernel: multiplyKernel, x, y, variant: `${side}×${side}` };
  const { constants, bands } = bandsOf(device, work, side, stride);
  const groups = coverPositions(bands);
  const means = withMeans ? device.tensor([n, c, constants.BANDS, constants.ROW_OUT]) : undefined;
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...constants,
      ...groups.constants,
      PICTURE: 'x',
      FLIPPED: flipped,
      BIAS: bias !== undefined,
      WITH_MEANS: withMeans,
      ...activationConstants(activation),
    },
    reads: { x, weight, bias },
    writes: { y, ...(means && { means }) },
    workgroups: [groups.x, c, groups.z],
    flops: (flopsOf(weight) + activationOf(activation).flops.value + (withMeans ? 1 : 0)) * size(y),
  });
  return means;
}

/** Constants of a kernel that walks down bands of y's rows, and the number of bands of a channel in all images. */
export function bandsOf(device: Device, work: Work, kernel: number, stride: number) {
  const { n, c, h } = nchw(work.y);
  const rows = windows(kernel, stride, work.x, work.y);
  const choices = bandTiles(device.capabilities, kernel, h, n * c * rows.ROW_OUT);
  const { ROWS } = tiles(device, work, choices);
  const bands = Math.ceil(h / ROWS);
  return { constants: { ...rows, ROWS, BANDS: bands, C: c }, bands: n * bands * rows.ROW_OUT };
}

/** dweight[C,1,K,K] from x[N,C,H,W] and dy[N,C,⌈H/s⌉,⌈W/s⌉]. */
export function backwardWeight(device: Device, { x, dy, dweight, stride }: BackwardWeight): void {
  const { c } = nchw(dy);
  const side = sideOf(dweight.tensor);
  const work = { kernel: backwardWeightKernel, x, y: dy, variant: `${side}×${side}` };
  const { constants, bands } = bandsOf(device, work, side, stride);
  const sums = mergedSums(device, work, bands, c);
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: { ...constants, ...sums.constants, PICTURE: 'x', SUMS: side * side },
    reads: { x, dy },
    writes: { partial: partialsOf(dweight, sums.chunks) },
    workgroups: [c, sums.chunks],
    flops: flopsOf(dweight.tensor) * size(dy),
  });
}

/** Height and width of the kernels of a weight[C,1,K,K]. */
export const sideOf = ({ shape }: Tensor) => shape[3];

/** Floating-point operations of an output pixel. */
export const flopsOf = (weight: Tensor) => 2 * sideOf(weight) ** 2;
