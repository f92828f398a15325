import * as kernels from '../../../kernels/conv3x3/launch.ts';
import * as reduce from '../../../kernels/reduce/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** 3×3 convolution, padding 1, stride 1 or 2: x[N,C,H,W], weight[O,C,3,3], bias[O] → [N,O,⌈H/s⌉,⌈W/s⌉]. */
export const conv3x3 = defineOp({
  name: 'conv3x3',
  forward(device, { x, weight, bias }: { x: Tensor; weight: Tensor; bias?: Tensor }, { stride }: { stride: number }) {
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const [n, c, h, w] = x.shape;
    const [o, cIn, kh, kw] = weight.shape;
    require(cIn === c && kh === 3 && kw === 3, this.name, `weight must be [O,${c},3,3]`, weight.shape);
    require(!bias || (bias.shape.length === 1 && bias.shape[0] === o), this.name, `bias must be [${o}]`, bias?.shape ??
      []);
    require(stride === 1 || stride === 2, this.name, 'stride must be 1 or 2', stride);
    const y = device.tensor([n, o, Math.ceil(h / stride), Math.ceil(w / stride)], x.dtype);
    kernels.forward(device, { x, weight, bias, y, stride });
    return { y, saved: { x, weight } };
  },
  backward(device, dy, { x, weight }, { stride }, wanted) {
    if (wanted.x) kernels.backwardInput(device, { dy, weight, dx: wanted.x.tensor, stride });
    if (wanted.weight) kernels.backwardWeight(device, { x, dy, dweight: wanted.weight, stride });
    if (wanted.bias) reduce.channelSum(device, { x: dy, total: wanted.bias });
  },
});
