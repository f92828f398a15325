import { fusionFormulas } from '../autograd/ops/fuse.ts';
import { type Preset, presets } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';
import type { Settings } from './settings.ts';

/** One line of a table of the paper's. */
export interface Experiment {
  readonly name: string;
  /** What its runs differ in from those of the other lines. */
  readonly settings: Settings;
  /** The paper's accuracy in percent, over several runs where there is a deviation. */
  readonly paper: { readonly mean: number; readonly std?: number };
}

export interface Study {
  readonly title: string;
  /** What the experiments differ in. */
  readonly subject: string;
  /** Common to all runs, unless a flag or a recipe says otherwise. */
  readonly settings: Settings;
  readonly seeds: number;
  readonly experiments: readonly Experiment[];
}

const TABLE_I: Readonly<Record<(typeof fusionFormulas)[number], { mean: number; std: number }>> = {
  'a*(1-i)': { mean: 87.61, std: 0.09 },
  'a*i+a+i': { mean: 87.63, std: 0.08 },
  'a*(1-i)+a-i': { mean: 87.81, std: 0.19 },
  'a*i': { mean: 87.87, std: 0.23 },
  'a*(1-i)+a+i': { mean: 87.98, std: 0.22 },
  'a+i': { mean: 88.21, std: 0.46 },
};

const TABLE_IV: readonly (readonly [Preset, number])[] = [
  ['yynet-64', 93.32],
  ['yynet-32', 91.91],
  ['yynet-16', 89.46],
];

/** The paper's tables that can be made again, by name. */
export const studies: Readonly<Record<'fusion' | 'sizes', Study>> = {
  fusion: {
    title: 'Six ways to join Yang (a) and Yin (i): Table I of the paper',
    subject: 'formula',
    settings: { data: 'cifar10', batchSize: 512 },
    seeds: 3,
    experiments: fusionFormulas.map((fusion) => ({ name: fusion, settings: { fusion }, paper: TABLE_I[fusion] })),
  },
  sizes: {
    title: 'YYNet Small in three sizes on CIFAR-10: Table IV of the paper',
    subject: 'net',
    settings: { data: 'cifar10' },
    seeds: 1,
    experiments: TABLE_IV.map(([model, mean]) => ({
      name: `${model}, ${new YYNet(presets[model]).parameterCount.toLocaleString('en')} parameters`,
      settings: { model },
      paper: { mean },
    })),
  },
};
