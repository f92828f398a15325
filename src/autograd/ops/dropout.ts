import { type Mask, mask } from '../../../kernels/dropout/launch.ts';
import { size, type Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { anyFloat, only, requireInputs, requireTensor, requireThat } from '../requirements.ts';

/** Inverted dropout, as PyTorch's in training: x of any shape, some elements zero, the others scaled by 1 / (1 − p). */
export const dropout = defineOp({
  name: 'dropout',
  shape(inputs: { x: Tensor }, { p, seed, stream }: Mask) {
    requireInputs(this.name, inputs, { x: anyFloat });
    requireThat(p >= 0 && p < 1, this.name, 'p must be at least 0 and less than 1', p);
    requireTensor(this.name, 'seed', seed, only('u32', 'numbers'));
    const isSeed = size(seed) === 2 || size(seed) === 3;
    requireThat(isSeed, this.name, 'seed must be [2], or [3] for a micro-batch', seed.shape);
    requireThat(stream === stream >>> 0, this.name, 'stream must be an unsigned 32-bit integer', stream);
    return inputs.x.shape;
  },
  forward(device, inputs, attrs) {
    const { x } = inputs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    mask(device, { x, y, ...attrs });
    return { y, saved: {} };
  },
  backward(device, dy, _, attrs, wanted) {
    if (wanted.x) mask(device, { x: dy, y: wanted.x.tensor, ...attrs });
  },
});
