import * as kernels from '../../../kernels/fuse/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

export type { FusionFormula } from '../../../kernels/fuse/launch.ts';
export { fusionFormulas } from '../../../kernels/fuse/launch.ts';

/** Joins the Yang (a) and Yin (i) branches, pixel by pixel. */
export const fuse = defineOp({
  name: 'fuse',
  forward(device, { yang, yin }: { yang: Tensor; yin: Tensor }, { formula }: { formula: kernels.FusionFormula }) {
    require(`${yin.shape}` === `${yang.shape}`, this.name, `yin must be as yang [${yang.shape}]`, yin.shape);
    const fused = device.tensor(yang.shape, yang.dtype);
    kernels.forward(device, { yang, yin, fused, formula });
    return { y: fused, saved: { yang, yin } };
  },
  backward(device, dy, { yang, yin }, { formula }, wanted) {
    if (formula === 'a+i') {
      wanted.yang?.alias(dy);
      wanted.yin?.alias(dy);
    } else {
      const dyang = wanted.yang?.tensor;
      const dyin = wanted.yin?.tensor;
      kernels.backward(device, { yang, yin, dy, dyang, dyin, formula });
    }
  },
});
