import * as kernels from '../../../kernels/depthwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** Depthwise 3×3 convolution, padding 1, stride 1 or 2: x[N,C,H,W], weight[C,1,3,3] → [N,C,⌈H/s⌉,⌈W/s⌉]. */
export const depthwise = defineOp({
  name: 'depthwise',
  forward(device, { x, weight }: { x: Tensor; weight: Tensor }, { stride }: { stride: number }) {
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const [n, c, h, w] = x.shape;
    const [o, one, kh, kw] = weight.shape;
    require(o === c && one === 1 && kh === 3 && kw === 3, this.name, `weight must be [${c},1,3,3]`, weight.shape);
    require(stride === 1 || stride === 2, this.name, 'stride must be 1 or 2', stride);
    const y = device.tensor([n, c, Math.ceil(h / stride), Math.ceil(w / stride)], x.dtype);
    kernels.forward(device, { x, weight, y, stride });
    return { y, saved: { x, weight } };
  },
  backward(device, dy, { x, weight }, { stride }, wanted) {
    if (wanted.x) kernels.backwardInput(device, { dy, weight, dx: wanted.x.tensor, stride });
    if (wanted.weight) kernels.backwardWeight(device, { x, dy, dweight: wanted.weight, stride });
  },
});
