import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { WORKGROUP_SIZE } from '../common/launch.ts';
import backwardWeightKernel from './backward_weight.wgsl';
import multiplyKernel from './multiply.wgsl';

/** y[N,O] = x[N,I] · weight[O,I]ᵀ (+ bias[O]). */
export function forward(
  device: Device,
  { x, weight, bias, y }: { x: Tensor; weight: Tensor; bias?: Tensor; y: Tensor },
): void {
  multiply(device, x, weight, { B_STEP: 1, B_COLUMN: x.shape[1] }, y, bias);
}

/** dx[N,I] = dy[N,O] · weight[O,I]. */
export function backwardInput(device: Device, { dy, weight, dx }: { dy: Tensor; weight: Tensor; dx: Tensor }): void {
  multiply(device, dy, weight, { B_STEP: dx.shape[1], B_COLUMN: 1 }, dx);
}

/** dweight[O,I] = dy[N,O]ᵀ · x[N,I] and, if given, dbias[O] = Σ_n dy. */
export function backwardWeight(
  device: Device,
  { x, dy, dweight, dbias }: { x: Tensor; dy: Tensor; dweight: Tensor; dbias?: Tensor },
): void {
  const [n, inputs] = x.shape;
  const outputs = dy.shape[1];
  const tile = Math.min(4, outputs);
  const types = { X: x.dtype, DY: dy.dtype, DWEIGHT: dweight.dtype };
  device.dispatch({
    kernel: backwardWeightKernel,
    constants: {
      ...types,
      HALF: Object.values(types).includes('f16'),
      WORKGROUP_SIZE,
      TILE: tile,
      DBIAS: dbias !== undefined,
      N: n,
      INPUTS: inputs,
      OUTPUTS: outputs,
    },
    reads: { x, dy },
    writes: { dweight, ...(dbias && { dbias }) },
    workgroups: [Math.ceil(inputs / WORKGROUP_SIZE), Math.ceil(outputs / tile)],
    flops: 2 * n * size(dweight) + (dbias ? size(dy) : 0),
  });
}

/** product = a · b (+ bias in each row); `order` has the strides of b. */
function multiply(
  device: Device,
  a: Tensor,
  b: Tensor,
  order: { B_STEP: number; B_COLUMN: number },
  product: Tensor,
  bias?: Tensor,
): void {
  const [rows, columns] = product.shape;
  const depth = a.shape[1];
  const types = { A: a.dtype, B: b.dtype, PRODUCT: product.dtype };
  const tile = Math.min(4, rows);
  const [groups, folds] = foldWorkgroups(Math.ceil(rows / tile));
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...types,
      HALF: Object.values(types).includes('f16'),
      WORKGROUP_SIZE,
      TILE: tile,
      BIAS: bias !== undefined,
      ROWS: rows,
      COLUMNS: columns,
      DEPTH: depth,
      GROUPS_Y: groups,
      ...order,
    },
    reads: { a, b, bias },
    writes: { product },
    workgroups: [Math.ceil(columns / WORKGROUP_SIZE), groups, folds],
    flops: 2 * rows * columns * depth,
  });
}
