import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise } from '../common/launch.ts';
import maskKernel from './mask.wgsl';

export interface Mask {
  /** Share of the elements that become zero, at least 0 and less than 1. */
  readonly p: number;
  /** u32 [seed, step]: each step has its own mask. */
  readonly seed: Tensor;
  /** Tells the masks of several dropouts apart. */
  readonly stream: number;
}

/** y = x with some elements zero, the others scaled by 1 / (1 − p). The same seed, step and stream give the same ones. */
export function mask(device: Device, { x, y, p, seed, stream }: Mask & { x: Tensor; y: Tensor }): void {
  const { constants, workgroups } = elementwise(x);
  device.dispatch({
    kernel: maskKernel,
    constants: { ...constants, STREAM: stream, THRESHOLD: threshold(p), SCALE: 1 / (1 - p) },
    reads: { x, seed },
    writes: { y },
    workgroups,
    flops: size(x),
  });
}

/** A random word below this makes its element zero. */
export const threshold = (p: number) => Math.floor(p * 2 ** 32);
