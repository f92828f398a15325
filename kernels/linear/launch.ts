import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { LANES } from '../common/launch.ts';
import multiplyKernel from './multiply.wgsl';

/** y[N,O] = x[N,I] · weight[O,I]ᵀ (+ bias[O]). */
export function forward(
  device: Device,
  { x, weight, bias, y }: { x: Tensor; weight: Tensor; bias?: Tensor; y: Tensor },
): void {
  multiply(device, x, transpose(weight), y, bias);
}

/** dx[N,I] = dy[N,O] · weight[O,I]. */
export function backwardInput(device: Device, { dy, weight, dx }: { dy: Tensor; weight: Tensor; dx: Tensor }): void {
  multiply(device, dy, weight, dx);
}

/** dweight[O,I] = dy[N,O]ᵀ · x[N,I]. */
export function backwardWeight(device: Device, { x, dy, dweight }: { x: Tensor; dy: Tensor; dweight: Tensor }): void {
  multiply(device, transpose(dy), x, dweight);
}

/** A matrix and how far apart its elements lie along either axis. */
interface Matrix {
  readonly tensor: Tensor;
  readonly rows: number;
  readonly row: number;
  readonly column: number;
}

const matrix = (tensor: Tensor): Matrix => ({ tensor, rows: tensor.shape[0], row: tensor.shape[1], column: 1 });

const transpose = (tensor: Tensor): Matrix => ({ tensor, rows: tensor.shape[1], row: 1, column: tensor.shape[1] });

function multiply(device: Device, left: Tensor | Matrix, right: Tensor | Matrix, product: Tensor, bias?: Tensor): void {
  const a = 'tensor' in left ? left : matrix(left);
  const b = 'tensor' in right ? right : matrix(right);
  const [rows, columns] = product.shape;
  const types = { A: a.tensor.dtype, B: b.tensor.dtype, PRODUCT: product.dtype };
  const tile = Math.min(4, rows);
  device.dispatch({
    kernel: multiplyKernel,
    constants: {
      ...types,
      HALF: Object.values(types).includes('f16'),
      LANES,
      TILE: tile,
      BIAS: bias !== undefined,
      ROWS: rows,
      COLUMNS: columns,
      DEPTH: b.rows,
      A_ROW: a.row,
      A_STEP: a.column,
      B_STEP: b.row,
      B_COLUMN: b.column,
    },
    reads: { a: a.tensor, b: b.tensor, bias },
    writes: { product },
    workgroups: [Math.ceil(columns / LANES), Math.ceil(rows / tile)],
    flops: 2 * rows * columns * b.rows,
  });
}
