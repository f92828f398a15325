import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise } from '../common/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';
import { type ActivationKind, activationConstants, activationOf } from './table.ts';

/** y = act(x), of one shape. */
export function forward(device: Device, { x, y, kind }: { x: Tensor; y: Tensor; kind: ActivationKind }): void {
  const { constants, workgroups } = elementwise(x);
  device.dispatch({
    kernel: forwardKernel,
    constants: { ...constants, ...activationConstants(kind) },
    reads: { x },
    writes: { y },
    workgroups,
    flops: activationOf(kind).flops.value * size(x),
  });
}

/** dx from x and dy, all of one shape. */
export function backward(
  device: Device,
  { x, dy, dx, kind }: { x: Tensor; dy: Tensor; dx: Tensor; kind: ActivationKind },
): void {
  const { constants, workgroups } = elementwise(x);
  device.dispatch({
    kernel: backwardKernel,
    constants: { ...constants, ...activationConstants(kind) },
    reads: { x, dy },
    writes: { dx },
    workgroups,
    flops: (activationOf(kind).flops.slope + 1) * size(x),
  });
}
