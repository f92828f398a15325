import { type Mask, mask } from '../../../kernels/dropout/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** Inverted dropout, as PyTorch's in training: x of any shape, some elements zero, the others scaled by 1 / (1 − p). */
export const dropout = defineOp({
  name: 'dropout',
  forward(device, { x }: { x: Tensor }, attrs: Mask) {
    require(attrs.p >= 0 && attrs.p < 1, this.name, 'p must be at least 0 and less than 1', attrs.p);
    const y = device.tensor(x.shape, x.dtype);
    mask(device, { x, y, ...attrs });
    return { y, saved: {} };
  },
  backward(device, dy, _, attrs, wanted) {
    if (wanted.x) mask(device, { x: dy, y: wanted.x.tensor, ...attrs });
  },
});
