import * as kernels from '../../../kernels/squeeze_excite/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

export type SqueezeExciteInputs = {
  x: Tensor;
  reduceWeight: Tensor;
  reduceBias: Tensor;
  expandWeight: Tensor;
  expandBias: Tensor;
};

/** x[N,C,H,W] · gate(expand(act(reduce(mean of each plane)))): reduce is a 1×1 convolution C → R, expand R → C. */
export const squeezeExcite = defineOp({
  name: 'squeezeExcite',
  forward(device, inputs: SqueezeExciteInputs, attrs: kernels.SqueezeExciteAttrs) {
    const { x, reduceWeight, reduceBias, expandWeight, expandBias } = inputs;
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const c = x.shape[1];
    const r = reduceBias.shape[0];
    const wanted = { reduceWeight: [r, c, 1, 1], reduceBias: [r], expandWeight: [c, r, 1, 1], expandBias: [c] };
    for (const [name, shape] of Object.entries(wanted)) {
      const got = inputs[name as keyof typeof wanted].shape;
      require(`${got}` === `${shape}`, this.name, `${name} must be [${shape}]`, got);
    }
    require(r <= kernels.MAX_REDUCED, this.name, `at most ${kernels.MAX_REDUCED} reduced channels fit`, r);
    const saved = kernels.gateOf(device, { x, reduceWeight, reduceBias, expandWeight, expandBias }, attrs);
    const y = device.tensor(x.shape, x.dtype);
    kernels.scale(device, { x, gate: saved.gate, y });
    return { y, saved: { x, reduceWeight, expandWeight, ...saved } };
  },
  backward(device, dy, saved, attrs, wanted) {
    const { squeezed, reduced, gate } = saved;
    const { dexpanded, dreduced, dsqueezed } = kernels.backwardGate(device, { ...saved, dy }, attrs);
    if (wanted.x) kernels.backwardInput(device, { dy, gate, dsqueezed, dx: wanted.x.tensor });
    const into = (name: keyof SqueezeExciteInputs, ...shape: number[]) => wanted[name]?.tensor ?? device.tensor(shape);
    const [c, r] = [gate.shape[1], reduced.shape[1]];
    kernels.backwardWeights(
      device,
      { squeezed, reduced, dreduced, dexpanded },
      {
        ...{ dreduceWeight: into('reduceWeight', r, c), dreduceBias: into('reduceBias', r) },
        ...{ dexpandWeight: into('expandWeight', c, r), dexpandBias: into('expandBias', c) },
      },
      attrs.activation,
    );
  },
});
