import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { planeSum, planewise } from '../common/planes.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';

/** y[N,C], f32: the mean of each plane of x[N,C,H,W]. */
export function forward(device: Device, { x, y }: { x: Tensor; y: Tensor }): void {
  device.dispatch({
    kernel: forwardKernel,
    ...planeSum(device, x),
    reads: { x },
    writes: { y },
    flops: size(x) + size(y),
  });
}

/** dx[N,C,H,W] from dy[N,C]. */
export function backward(device: Device, { dy, dx }: { dy: Tensor; dx: Tensor }): void {
  device.dispatch({ kernel: backwardKernel, ...planewise(dx), reads: { dy }, writes: { dx }, flops: size(dy) });
}
