import type { Running } from '../../kernels/batch_norm/launch.ts';
import type { Device } from '../../src/runtime/device.ts';
import { view } from '../../src/runtime/tensor.ts';

/** Running statistics as a ParameterSet lays them: in one storage, the mean first. */
export function uploadRunning(device: Device, mean: ArrayLike<number>, variance: ArrayLike<number>): Running {
  const c = mean.length;
  const stride = Math.ceil(c / 64) * 64;
  const both = new Float32Array(stride + c);
  both.set(mean);
  both.set(variance, stride);
  const tensor = device.upload(both, [both.length]);
  return { mean: view(tensor, 0, [c]), variance: view(tensor, 4 * stride, [c]) };
}
