import * as kernels from '../../../kernels/elementwise/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** a + b, of one shape. */
export const add = defineOp({
  name: 'add',
  forward(device, { a, b }: { a: Tensor; b: Tensor }, _: Record<never, never>) {
    require(a.shape.join() === b.shape.join(), this.name, `b must be [${a.shape}]`, b.shape);
    const sum = device.tensor(a.shape, a.dtype);
    kernels.add(device, { a, b, sum });
    return { y: sum, saved: {} };
  },
  backward(_device, dy, _saved, _attrs, wanted) {
    wanted.a?.alias(dy);
    wanted.b?.alias(dy);
  },
});
