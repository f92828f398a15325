import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';

const text = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) { y[id.x] = x[id.x] + CONSTANT; }`;

let unused = 1000;

/** A constant that no test has used: a kernel with it is still to be compiled. */
export const newConstant = () => unused++;

export const shiftKernel = { path: 'test/shift.wgsl', text };

/** y = x + constant. Returns the constant. */
export function shift(device: Device, x: Tensor, y: Tensor, constant = newConstant()): number {
  const launch = { kernel: shiftKernel, constants: { CONSTANT: constant }, workgroups: [x.shape[0]] as const };
  device.dispatch({ ...launch, reads: { x }, writes: { y }, flops: 0 });
  return constant;
}

/** x + constant, in a new tensor. */
export function shifted(device: Device, x: Tensor, constant = 1): Tensor {
  const y = device.tensor(x.shape);
  shift(device, x, y, constant);
  return y;
}
