import { fusionFormulas } from '../autograd/ops/fuse.ts';
import { type Preset, presets } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';
import type { Settings } from './settings.ts';

/** One row of a table in the paper. */
export interface Experiment {
  readonly name: string;
  /** The settings in which this row differs from the others. */
  readonly settings: Settings;
  /** The paper's accuracy in percent: the mean, and the standard deviation if the paper has several runs. */
  readonly paper: { readonly mean: number; readonly std?: number };
  /** Of the net, where a study compares sizes. */
  readonly parameters?: number;
}

/** A net of others, as its authors report it. */
export interface OtherNet {
  readonly name: string;
  readonly parameters: number;
  /** On the test pictures, in percent. */
  readonly accuracy: number;
  readonly epochs: number;
  readonly source: string;
}

export interface Study {
  readonly title: string;
  /** Heading of the column with the experiments' names. */
  readonly subject: string;
  /** Settings of all runs; a recipe or a flag overrides them. */
  readonly settings: Settings;
  readonly seeds: number;
  readonly experiments: readonly Experiment[];
  /** Other nets on the same data, to compare sizes with. */
  readonly others?: readonly OtherNet[];
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

/** Small nets on CIFAR-10 from other projects. Those that give no exact number of parameters round it. */
const OTHERS: readonly OtherNet[] = [
  {
    ...{ name: 'cifar10-tiniest', parameters: 97_530, accuracy: 94.4, epochs: 200 },
    source: 'github.com/xvel/cifar10-tiniest, mean of 5 runs',
  },
  {
    ...{ name: 'ResNet-20', parameters: 270_000, accuracy: 91.73, epochs: 200 },
    source: 'github.com/akamaster/pytorch_resnet_cifar10',
  },
  {
    ...{ name: 'ConvMixer-256/8', parameters: 590_000, accuracy: 94, epochs: 100 },
    source: 'github.com/locuslab/convmixer-cifar10',
  },
  {
    ...{ name: 'ResNet-44', parameters: 660_000, accuracy: 93.1, epochs: 200 },
    source: 'github.com/akamaster/pytorch_resnet_cifar10',
  },
  {
    ...{ name: 'CondenseNet', parameters: 790_000, accuracy: 95.4, epochs: 300 },
    source: 'github.com/ShichenLiu/CondenseNet',
  },
];

/** The tables of the paper that yy-study reproduces, by name. */
export const studies: Readonly<Record<'fusion' | 'sizes', Study>> = {
  fusion: {
    title: 'Six formulas to fuse Yang (a) and Yin (i): Table I of the paper',
    subject: 'formula',
    settings: { data: 'cifar10', batchSize: 512 },
    seeds: 3,
    experiments: fusionFormulas.map((fusion) => ({
      name: fusion,
      settings: { net: { fusion } },
      paper: TABLE_I[fusion],
    })),
  },
  sizes: {
    title: 'YYNet Small in three sizes on CIFAR-10: Table IV of the paper',
    subject: 'net',
    settings: { data: 'cifar10', batchSize: 64 },
    seeds: 1,
    experiments: TABLE_IV.map(([model, mean]) => {
      const parameters = new YYNet(presets[model]).parameterCount;
      const name = `${model}, ${parameters.toLocaleString('en')} parameters`;
      return { name, settings: { model }, paper: { mean }, parameters };
    }),
    others: OTHERS,
  },
};
