import * as kernels from '../../../kernels/grey/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

export type { GreyMode } from '../../../kernels/grey/launch.ts';

/** x[N,C,H,W] → the mean of the channels or the first of them, [N,1,H,W]: what the Yin branch sees. */
export const grey = defineOp({
  name: 'grey',
  forward(device, { x }: { x: Tensor }, { mode }: { mode: kernels.GreyMode }) {
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const [n, , h, w] = x.shape;
    const y = device.tensor([n, 1, h, w], x.dtype);
    kernels.forward(device, { x, y, mode });
    return { y, saved: undefined };
  },
  backward(device, dy, _saved, { mode }, wanted) {
    if (wanted.x) kernels.backward(device, { dy, dx: wanted.x.tensor, mode });
  },
});
