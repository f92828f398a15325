import { roundUp } from '../../kernels/common/tiles.ts';
import type { Device } from '../runtime/device.ts';
import { ALIGNMENT, byteLength, bytesPer, type Shape, sizeOf, type Tensor, view } from '../runtime/tensor.ts';

/** Bytes of a storage, if no tensor needs more. */
const STORAGE_BYTES = 2 ** 19;

/** Room for small tensors that are needed to the same end: they lie in few storages, so that one kernel can bind them all. */
export class Room {
  private storage?: Tensor;
  private used = 0;

  constructor(private readonly device: Device) {}

  /** A new f32 tensor. */
  take(shape: Shape): Tensor {
    const bytes = sizeOf(shape) * bytesPer.f32;
    if (!this.storage || this.used + bytes > byteLength(this.storage)) {
      this.storage = this.device.tensor([Math.max(bytes, STORAGE_BYTES) / bytesPer.f32]);
      this.used = 0;
    }
    const tensor = view(this.storage, this.used, shape);
    this.used = roundUp(this.used + bytes, ALIGNMENT);
    return tensor;
  }
}
