import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise } from '../common/launch.ts';
import maskKernel from './mask.wgsl';

/** The probability and the random stream of a dropout. */
export interface Mask {
  /** Probability of an element to become zero, at least 0 and less than 1. */
  readonly p: number;
  /** u32 [seed, step], so that each step has its own mask; a micro-batch adds the place of its first picture. */
  readonly seed: Tensor;
  /** A number that differs between the dropouts of a net, so that each has its own masks. */
  readonly stream: number;
}

/** y = x with a share p of the elements zero, the others scaled by 1 / (1 − p). The mask depends on seed, step and stream. */
export function mask(device: Device, { x, y, p, seed, stream }: Mask & { x: Tensor; y: Tensor }): void {
  const perPicture = size(x) / x.shape[0];
  const MICRO_BATCH = size(seed) === 3;
  // A vector of elements has one random word for each, so it must not begin between two vectors of the whole batch.
  const { constants, workgroups } = elementwise(x, MICRO_BATCH ? perPicture : size(x));
  const { WIDTH } = constants;
  device.dispatch({
    kernel: maskKernel,
    constants: {
      ...constants,
      ...{ STREAM: stream, THRESHOLD: threshold(p), SCALE: 1 / (1 - p) },
      ...{ MICRO_BATCH, PER_PICTURE: MICRO_BATCH ? perPicture / WIDTH : 0 },
    },
    reads: { x, seed },
    writes: { y },
    workgroups,
    flops: size(x),
  });
}

/** Elements whose random word is below this become zero. */
export const threshold = (p: number) => Math.floor(p * 2 ** 32);
