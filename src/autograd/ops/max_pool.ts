import * as kernels from '../../../kernels/max_pool/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** Max pooling 3×3, stride 2, padding 1: x[N,C,H,W] → [N,C,⌈H/2⌉,⌈W/2⌉]. PyTorch's max_pool2d(3, 2, 1). */
export const maxPool = defineOp({
  name: 'maxPool',
  forward(device, { x }: { x: Tensor }, _: object) {
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const [n, c, h, w] = x.shape;
    const y = device.tensor([n, c, Math.ceil(h / 2), Math.ceil(w / 2)], x.dtype);
    return { y, saved: { largest: kernels.forward(device, { x, y }) } };
  },
  backward(device, dy, { largest }, _attrs, wanted) {
    if (wanted.x) kernels.backward(device, { dy, largest, dx: wanted.x.tensor });
  },
});
