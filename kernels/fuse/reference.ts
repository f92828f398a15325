import { HostArray, type Reference } from '../common/reference.ts';
import type { FusionFormula } from './launch.ts';

const FUSIONS: Record<FusionFormula, (a: number, i: number) => number> = {
  'a+i': (a, i) => a + i,
  'a*i': (a, i) => a * i,
  'a*(1-i)': (a, i) => a * (1 - i),
  'a*i+a+i': (a, i) => a * i + a + i,
  'a*(1-i)+a-i': (a, i) => a * (1 - i) + a - i,
  'a*(1-i)+a+i': (a, i) => a * (1 - i) + a + i,
};

/** The fusion of yang and yin in float64. */
export const reference: Reference<'yang' | 'yin', { formula: FusionFormula }> = ({ yang, yin }, { formula }) =>
  new HostArray(
    yang.shape,
    yang.data.map((a, at) => FUSIONS[formula](a, yin.data[at])),
  );
