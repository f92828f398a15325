import type { Device } from '../../src/runtime/device.ts';
import { profile } from '../../src/runtime/profile.ts';
import { COPY_ELEMENTS, copy, multiplyAdd } from './launch.ts';

/** Peak bandwidth and arithmetic of an adapter. A kernel takes at least its bytes or its FLOPs at these rates. */
export interface Roofline {
  /** Of a copy: bytes read plus bytes written. */
  readonly bytesPerSecond: number;
  /** Of multiply-adds on registers, two operations each. */
  readonly flopsPerSecond: number;
}

/** Much larger than caches, and some milliseconds of work, for a GPU and for a software adapter. */
const SIZES = {
  gpu: { copied: 2048 * COPY_ELEMENTS, sums: 2 ** 20 },
  cpu: { copied: 512 * COPY_ELEMENTS, sums: 2 ** 14 },
};

/** Measures an adapter's roofline: the best of several runs, as other load on the machine only slows them. */
export async function measureRoofline(device: Device): Promise<Roofline> {
  const { copied, sums } = SIZES[device.adapter.class === 'cpu' ? 'cpu' : 'gpu'];
  const tensors = {
    source: device.tensor([copied]),
    copy: device.tensor([copied]),
    factors: device.upload(Float32Array.of(0.5, 1), [2]),
    sums: device.tensor([sums]),
  };
  const { bytes } = await best(device, () => copy(device, tensors));
  const { flops } = await best(device, () => multiplyAdd(device, tensors));
  for (const tensor of Object.values(tensors)) device.release(tensor);
  return { bytesPerSecond: bytes, flopsPerSecond: flops };
}

/** Bytes and FLOPs per second of the fastest of several runs of one dispatch. */
async function best(device: Device, launch: () => void): Promise<{ bytes: number; flops: number }> {
  const recording = await device.record(launch);
  let seconds = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 6; run++) {
    const [{ duration }] = await profile(device, recording);
    seconds = Math.min(seconds, duration / 1e9);
  }
  recording.dispose();
  return { bytes: recording.cost.bytes / seconds, flops: recording.cost.flops / seconds };
}
