import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { elementwise } from '../common/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';

/** Fusion formulas of yang (a) and yin (i), with their derivatives by a and by i. All three are valid WGSL. */
const FORMULAS = {
  'a+i': { yang: '1', yin: '1', flops: 1 },
  'a*i': { yang: 'i', yin: 'a', flops: 1 },
  'a*(1-i)': { yang: '1-i', yin: '-a', flops: 2 },
  'a*i+a+i': { yang: 'i+1', yin: 'a+1', flops: 3 },
  'a*(1-i)+a-i': { yang: '2-i', yin: '-a-1', flops: 4 },
  'a*(1-i)+a+i': { yang: '2-i', yin: '1-a', flops: 4 },
} as const;

export type FusionFormula = keyof typeof FORMULAS;

export const fusionFormulas = Object.keys(FORMULAS) as FusionFormula[];

/** fused = formula of yang and yin, all of the same shape. */
export function forward(
  device: Device,
  { yang, yin, fused, formula }: { yang: Tensor; yin: Tensor; fused: Tensor; formula: FusionFormula },
): void {
  const { constants, workgroups } = elementwise(fused);
  device.dispatch({
    kernel: forwardKernel,
    constants: { ...constants, FORMULA: formula },
    reads: { yang, yin },
    writes: { fused },
    workgroups,
    flops: FORMULAS[formula].flops * size(fused),
  });
}

interface Backward {
  readonly yang: Tensor;
  readonly yin: Tensor;
  readonly dy: Tensor;
  readonly dyang?: Tensor;
  readonly dyin?: Tensor;
  readonly formula: FusionFormula;
}

/** Fills dyang and dyin, or the one that is given. */
export function backward(device: Device, { yang, yin, dy, dyang, dyin, formula }: Backward): void {
  const { constants, workgroups } = elementwise(dy);
  const slopes = FORMULAS[formula];
  device.dispatch({
    kernel: backwardKernel,
    constants: {
      ...constants,
      SLOPE_YANG: slopes.yang,
      SLOPE_YIN: slopes.yin,
      YANG: dyang !== undefined,
      YIN: dyin !== undefined,
    },
    reads: { yang, yin, dy },
    writes: { ...(dyang && { dyang }), ...(dyin && { dyin }) },
    workgroups,
    flops: (dyang && dyin ? 4 : 2) * size(dy),
  });
}
