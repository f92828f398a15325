import type { Device } from '../../src/runtime/device.ts';
import { fromHalf, toHalf } from '../../src/runtime/half.ts';

/** Whether the adapter stores f16. Where it does not, tests hold it to refusing mixed precision instead. */
export const hasHalf = (device: Device) => device.gpu.features.has('shader-f16');

/** Numbers as f16 would keep them. */
export const rounded = (data: ArrayLike<number>) => Float32Array.from(data, (value) => fromHalf(toHalf(value)));
