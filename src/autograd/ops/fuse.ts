import * as kernels from '../../../kernels/fuse/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { requireAlike, requireOneOf } from '../requirements.ts';

export type { FusionFormula } from '../../../kernels/fuse/launch.ts';
export { fusionFormulas } from '../../../kernels/fuse/launch.ts';

/** Joins the Yang (a) and Yin (i) branches, pixel by pixel. */
export const fuse = defineOp({
  name: 'fuse',
  shape(inputs: { yang: Tensor; yin: Tensor }, { formula }: { formula: kernels.FusionFormula }) {
    const shape = requireAlike(this.name, inputs, 'yang', 'yin');
    requireOneOf(this.name, 'formula', formula, kernels.fusionFormulas);
    return shape;
  },
  forward(device, inputs, { formula }) {
    const { yang, yin } = inputs;
    const fused = device.tensor(this.shape(inputs, { formula }), yang.dtype);
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
  onnx(graph, { yang: a, yin: i }, { formula }) {
    const [add, subtract, multiply] = ['Add', 'Sub', 'Mul'].map(
      (op) => (x: string, y: string) => graph.node(op, [x, y]),
    );
    const opposed = () => multiply(a, subtract(graph.scalar(1), i));
    const formulas: Record<kernels.FusionFormula, () => string> = {
      'a+i': () => add(a, i),
      'a*i': () => multiply(a, i),
      'a*(1-i)': opposed,
      'a*i+a+i': () => add(add(multiply(a, i), a), i),
      'a*(1-i)+a-i': () => subtract(add(opposed(), a), i),
      'a*(1-i)+a+i': () => add(add(opposed(), a), i),
    };
    return formulas[formula]();
  },
});
