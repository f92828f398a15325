import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise } from '../common/launch.ts';
import addKernel from './add.wgsl';
import copyKernel from './copy.wgsl';

/** sum = a + b, all of one shape. */
export function add(device: Device, { a, b, sum }: { a: Tensor; b: Tensor; sum: Tensor }): void {
  device.dispatch({ kernel: addKernel, ...elementwise(sum), reads: { a, b }, writes: { sum }, flops: size(sum) });
}

/** copy = source. */
export function copy(device: Device, tensors: { source: Tensor; copy: Tensor }): void {
  const { source, copy } = tensors;
  device.dispatch({ kernel: copyKernel, ...elementwise(copy), reads: { source }, writes: { copy }, flops: 0 });
}
