import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise } from '../common/launch.ts';
import accumulateKernel from './accumulate.wgsl';
import binaryKernel from './binary.wgsl';
import copyKernel from './copy.wgsl';
import fillKernel from './fill.wgsl';
import scaleKernel from './scale.wgsl';

/** sum = a + b, all of one shape and data type. */
export function add(device: Device, { a, b, sum }: { a: Tensor; b: Tensor; sum: Tensor }): void {
  binary(device, '+', { a, b, y: sum });
}

/** difference = a − b, all of one shape and data type. */
export function sub(device: Device, { a, b, difference }: { a: Tensor; b: Tensor; difference: Tensor }): void {
  binary(device, '-', { a, b, y: difference });
}

/** product = a · b, element by element, all of one shape and data type. */
export function mul(device: Device, { a, b, product }: { a: Tensor; b: Tensor; product: Tensor }): void {
  binary(device, '*', { a, b, y: product });
}

function binary(device: Device, operator: '+' | '-' | '*', { a, b, y }: { a: Tensor; b: Tensor; y: Tensor }): void {
  const { constants, workgroups } = elementwise(y);
  device.dispatch({
    kernel: binaryKernel,
    constants: { ...constants, OPERATOR: operator },
    reads: { a, b },
    writes: { y },
    workgroups,
    flops: size(y),
  });
}

/** y = factor · x. The factor is built into the kernel. */
export function scale(device: Device, { x, y, factor }: { x: Tensor; y: Tensor; factor: number }): void {
  const { constants, workgroups } = elementwise(y);
  device.dispatch({
    kernel: scaleKernel,
    constants: { ...constants, FACTOR: factor },
    reads: { x },
    writes: { y },
    workgroups,
    flops: size(y),
  });
}

/** sum += share[1] · part. */
export function accumulate(device: Device, { part, share, sum }: { part: Tensor; share: Tensor; sum: Tensor }): void {
  const { constants, workgroups } = elementwise(sum);
  device.dispatch({
    kernel: accumulateKernel,
    constants,
    reads: { part, share },
    writes: { sum },
    workgroups,
    flops: 2 * size(sum),
  });
}

/** copy = source. */
export function copy(device: Device, tensors: { source: Tensor; copy: Tensor }): void {
  const { source, copy } = tensors;
  device.dispatch({ kernel: copyKernel, ...elementwise(copy), reads: { source }, writes: { copy }, flops: 0 });
}

/** filled = value, in every element. */
export function fill(device: Device, { filled, value }: { filled: Tensor; value: number }): void {
  const { constants, workgroups } = elementwise(filled);
  device.dispatch({
    kernel: fillKernel,
    constants: { ...constants, VALUE: value },
    reads: {},
    writes: { filled },
    workgroups,
    flops: 0,
  });
}
