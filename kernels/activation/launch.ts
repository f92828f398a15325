import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { type ActivationKind, activationFlops } from '../common/activation.ts';
import { elementwise } from '../common/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';

/** y = act(x), of one shape. */
export function forward(device: Device, { x, y, kind }: { x: Tensor; y: Tensor; kind: ActivationKind }): void {
  const { constants, workgroups } = elementwise(x);
  device.dispatch({
    kernel: forwardKernel,
    constants: { ...constants, KIND: kind },
    reads: { x },
    writes: { y },
    workgroups,
    flops: activationFlops[kind].value * size(x),
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
    constants: { ...constants, KIND: kind },
    reads: { x, dy },
    writes: { dx },
    workgroups,
    flops: (activationFlops[kind].slope + 1) * size(x),
  });
}
