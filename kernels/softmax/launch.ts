import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';

/** y[N,K] from x[N,K]: each row sums to 1. */
export function forward(device: Device, { x, y }: { x: Tensor; y: Tensor }): void {
  device.dispatch({ kernel: forwardKernel, ...rowwise(device, y), reads: { x }, writes: { y }, flops: 7 * size(x) });
}

/** dx[N,K] from y[N,K] and dy[N,K]. */
export function backward(device: Device, { y, dy, dx }: { y: Tensor; dy: Tensor; dx: Tensor }): void {
  device.dispatch({
    kernel: backwardKernel,
    ...rowwise(device, dx),
    reads: { y, dy },
    writes: { dx },
    flops: 4 * size(dx),
  });
}

/** Constants and workgroups, one for each row. */
function rowwise({ capabilities }: Device, { shape: [N, K], dtype }: Tensor) {
  const workgroups = foldWorkgroups(N);
  const WORKGROUP_SIZE = capabilities.teamThreads;
  return {
    constants: { WORKGROUP_SIZE, SUMS: 1, N, K, GROUPS_X: workgroups[0], DTYPE: dtype, HALF: dtype === 'f16' },
    workgroups,
  };
}
