import * as kernels from '../../../kernels/global_avg_pool/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** x[N,C,H,W] → the mean of each plane, [N,C] in f32. */
export const globalAvgPool = defineOp({
  name: 'globalAvgPool',
  forward(device, { x }: { x: Tensor }, _: object) {
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const y = device.tensor(x.shape.slice(0, 2));
    kernels.forward(device, { x, y });
    return { y, saved: undefined };
  },
  backward(device, dy, _saved, _attrs, wanted) {
    if (wanted.x) kernels.backward(device, { dy, dx: wanted.x.tensor });
  },
});
