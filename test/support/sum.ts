import { merge, type PartialSums, type Sum } from '../../kernels/reduce/launch.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';

/** Runs a kernel that computes one sum, which goes into `total`, and merges its partial sums. */
export function sumInto(device: Device, total: Tensor, run: (sum: Sum) => void): void {
  device.tidy(() => {
    const sums: PartialSums[] = [];
    run({
      tensor: total,
      room: (shape) => device.tensor(shape),
      mergeFrom: (partial, column) => sums.push({ partial, column, total }),
    });
    merge(device, sums);
  });
}
