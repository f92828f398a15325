import * as kernels from '../../../kernels/activation/launch.ts';
import type { ActivationKind } from '../../../kernels/common/activation.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';

export type { ActivationKind };

/** An activation of every element: GELU (exact), SiLU, sigmoid or hard sigmoid, clamp(x/6 + 1/2, 0, 1). */
export const activation = defineOp({
  name: 'activation',
  forward(device, { x }: { x: Tensor }, { kind }: { kind: ActivationKind }) {
    const y = device.tensor(x.shape, x.dtype);
    kernels.forward(device, { x, y, kind });
    return { y, saved: { x } };
  },
  backward(device, dy, { x }, { kind }, wanted) {
    if (wanted.x) kernels.backward(device, { x, dy, dx: wanted.x.tensor, kind });
  },
});
