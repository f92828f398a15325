import * as kernels from '../../../kernels/pointwise/launch.ts';
import * as reduce from '../../../kernels/reduce/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** 1×1 convolution: x[N,C,H,W], weight[O,C,1,1], bias[O] → [N,O,⌈H/s⌉,⌈W/s⌉]. PyTorch's conv2d, kernel 1. */
export const pointwise = defineOp({
  name: 'pointwise',
  forward(device, { x, weight, bias }: { x: Tensor; weight: Tensor; bias?: Tensor }, { stride }: { stride: number }) {
    const [n, c, h, w] = x.shape;
    const [o, cIn, kh, kw] = weight.shape;
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    require(cIn === c && kh === 1 && kw === 1, this.name, `weight must be [O,${c},1,1]`, weight.shape);
    require(!bias || (bias.shape.length === 1 && bias.shape[0] === o), this.name, `bias must be [${o}]`, bias?.shape ??
      []);
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
