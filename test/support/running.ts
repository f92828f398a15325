import type { Running } from '../../kernels/batch_norm/launch.ts';
import type { Device } from '../../src/runtime/device.ts';

/** Running statistics as a ParameterSet lays them: in one storage, the mean first. */
export function uploadRunning(device: Device, mean: ArrayLike<number>, variance: ArrayLike<number>): Running {
  const c = mean.length;
  const stride = Math.ceil(c / 64) * 64;
  const both = new Float32Array(stride + c);
  both.set(mean);
  both.set(variance, stride);
  const tensor = device.upload(both, [both.length]);
  return { mean: { ...tensor, shape: [c] }, variance: { ...tensor, offset: 4 * stride, shape: [c] } };
}
