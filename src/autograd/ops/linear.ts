import * as kernels from '../../../kernels/linear/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** A linear layer: x[N,I], weight[O,I], bias[O] → x · weightᵀ + bias, [N,O]. PyTorch's linear. */
export const linear = defineOp({
  name: 'linear',
  forward(device, { x, weight, bias }: { x: Tensor; weight: Tensor; bias?: Tensor }, _: Record<never, never>) {
    const [n, i] = x.shape;
    const o = weight.shape[0];
    require(x.shape.length === 2, this.name, 'x must be [N,I]', x.shape);
    require(weight.shape.length === 2 && weight.shape[1] === i, this.name, `weight must be [O,${i}]`, weight.shape);
    require(!bias || (bias.shape.length === 1 && bias.shape[0] === o), this.name, `bias must be [${o}]`, bias?.shape ??
      []);
    const y = device.tensor([n, o], x.dtype);
    kernels.forward(device, { x, weight, bias, y });
    return { y, saved: { x, weight } };
  },
  backward(device, dy, { x, weight }, _, wanted) {
    if (wanted.x) kernels.backwardInput(device, { dy, weight, dx: wanted.x.tensor });
    if (wanted.weight || wanted.bias) {
      const dweight = wanted.weight?.tensor ?? device.tensor(weight.shape, weight.dtype);
      const dbias = wanted.bias?.tensor ?? device.tensor([weight.shape[0]]);
      kernels.backwardWeight(device, { x, dy, dweight, dbias });
    }
  },
});
