import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise, mergedSums, vector } from '../common/launch.ts';
import { merge } from '../reduce/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';

interface Pair {
  readonly prediction: Tensor;
  readonly target: Tensor;
}

/** loss[1] (f32) from two tensors of one shape and data type. */
export function forward(device: Device, { prediction, target, loss }: Pair & { loss: Tensor }): void {
  const v = vector(size(prediction), prediction);
  const work = { kernel: forwardKernel, x: prediction, y: loss };
  const { constants, chunks } = mergedSums(device, work, size(prediction) / v.WIDTH, 1);
  const partial = chunks > 1 ? device.tensor([chunks]) : loss;
  device.dispatch({
    kernel: forwardKernel,
    constants: { ...v, ...constants, SUMS: 1 },
    reads: { prediction, targets: target },
    writes: { partial },
    workgroups: [chunks],
    flops: 3 * size(prediction),
  });
  if (chunks > 1) merge(device, [{ partial, column: 0, total: loss }]);
}

/** Those of dprediction and dtarget that are given, from dloss[1]. */
export function backward(
  device: Device,
  { prediction, target, dloss, dprediction, dtarget }: Pair & { dloss: Tensor; dprediction?: Tensor; dtarget?: Tensor },
): void {
  const { constants, workgroups } = elementwise(prediction);
  device.dispatch({
    kernel: backwardKernel,
    constants: { ...constants, DPREDICTION: dprediction !== undefined, DTARGET: dtarget !== undefined },
    reads: { prediction, targets: target, dloss },
    writes: { ...(dprediction && { dprediction }), ...(dtarget && { dtarget }) },
    workgroups,
    flops: 2 * size(prediction),
  });
}
