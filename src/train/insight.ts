import type { Pictures } from '../data/dataset.ts';
import type { HostTensor } from '../nn/parameters.ts';
import type { Classifier } from './classifier.ts';
import { ConfusionMatrix } from './confusion.ts';
import type { TrainedNet } from './loaded_net.ts';

/** So many pictures are looked at, and so many of them shown. */
const LOOKED_AT = 1000;
const SHOWN = 20;

/** Pixels 0..255 as [channels, size, size]. */
export interface Picture {
  readonly channels: number;
  readonly size: number;
  readonly pixels: Uint8Array;
}

/** A picture that was held back from training, and what it was taken for. */
export interface Sample {
  /** Place among the validation pictures. */
  readonly index: number;
  readonly label: number;
  readonly prediction: number;
  readonly probability: number;
  readonly picture: Picture;
}

/** What a net has learned, on the pictures it was not trained on. */
export interface Insight {
  readonly classNames: readonly string[];
  /** The pictures looked at, the first of the validation pictures. */
  readonly count: number;
  readonly of: number;
  readonly accuracy: number;
  /** [class, prediction], row by row. */
  readonly confusion: Uint32Array;
  /** The first of those pictures, and the first mistakes. */
  readonly samples: readonly Sample[];
  readonly mistakes: readonly Sample[];
}

/** The first convolution of both branches: [channels, 1 or 3, 3, 3]. */
export interface Filters {
  readonly yin: HostTensor;
  readonly yang: HostTensor;
}

export function filtersOf({ state }: TrainedNet): Filters {
  return { yin: state['yin.0.conv1.weight'], yang: state['yang.0.conv1.weight'] };
}

/** Classifies validation pictures, the first of them where there are many. */
export async function insightInto(classifier: Classifier, validation: Pictures): Promise<Insight> {
  const { classNames } = classifier;
  const { channels, width: size, length: of } = validation;
  const count = Math.min(of, LOOKED_AT);
  const confusion = new ConfusionMatrix(classNames);
  const samples: Sample[] = [];
  const mistakes: Sample[] = [];
  for await (const batch of classifier.classify(validation, count)) {
    for (const { index, label, prediction, logProbabilities, pixels } of batch) {
      confusion.add(label, prediction);
      const lists = [samples, ...(label === prediction ? [] : [mistakes])].filter(({ length }) => length < SHOWN);
      if (lists.length === 0) continue;
      const picture = { channels, size, pixels: pixels.slice() };
      const sample = { index, label, prediction, probability: Math.exp(logProbabilities[prediction]), picture };
      for (const list of lists) list.push(sample);
    }
  }
  const { accuracy, counts } = confusion;
  return { classNames, count, of, accuracy, confusion: counts, samples, mistakes };
}
