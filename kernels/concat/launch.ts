import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { byteLength, size, type Tensor } from '../../src/runtime/tensor.ts';
import { WORKGROUP_SIZE } from '../common/launch.ts';
import copyKernel from './copy.wgsl';

/** Some channels of the whole, which begin at `channel`. */
interface Part {
  readonly part: Tensor;
  readonly whole: Tensor;
  readonly channel: number;
}

/** Copies part[N,C,H,W] into whole[N,…,H,W]. */
export function join(device: Device, { part, whole, channel }: Part): void {
  const { constants, ...launch } = runs({ part, whole, channel });
  const tensors = { reads: { source: part }, writes: { copy: whole } };
  device.dispatch({ kernel: copyKernel, constants: { ...constants, SPLIT: false }, ...launch, ...tensors });
}

/** Copies part[N,C,H,W] out of whole[N,…,H,W]. */
export function split(device: Device, { part, whole, channel }: Part): void {
  const { constants, ...launch } = runs({ part, whole, channel });
  const tensors = { reads: { source: whole }, writes: { copy: part } };
  device.dispatch({ kernel: copyKernel, constants: { ...constants, SPLIT: true }, ...launch, ...tensors });
}

/** Channels of a picture follow each other, so that a part has one run of elements in each picture of the whole. */
function runs({ part, whole, channel }: Part) {
  const [n, , h, w] = part.shape;
  const lengths = [size(part) / n, size(whole) / n, channel * h * w];
  const width = lengths.every((length) => length % 4 === 0) ? 4 : 1;
  const [PART, WHOLE, OFFSET] = lengths.map((length) => length / width);
  const workgroups = foldWorkgroups(Math.ceil((n * PART) / WORKGROUP_SIZE));
  return {
    constants: {
      WIDTH: width,
      HALF: part.dtype === 'f16',
      WORKGROUP_SIZE,
      COUNT: n * PART,
      GROUPS_X: workgroups[0],
      PART,
      WHOLE,
      OFFSET,
    },
    workgroups,
    flops: 0,
    bytes: 2 * byteLength(part),
  };
}
