import type { Pictures } from '../data/dataset.ts';
import type { Classifier } from './classifier.ts';
import { ConfusionMatrix } from './confusion.ts';

/** Maximum number of pictures that are classified. */
const MAX_CLASSIFIED = 1000;
/** Maximum number of pictures in `samples`, and in `mistakes`. */
const MAX_SHOWN = 20;

/** A square picture; pixels 0..255 as [channels, size, size]. */
export interface Picture {
  readonly channels: number;
  readonly size: number;
  readonly pixels: Uint8Array;
}

/** A validation picture and its prediction. */
export interface Sample {
  /** Index in the validation pictures. */
  readonly index: number;
  readonly label: number;
  readonly prediction: number;
  readonly probability: number;
  readonly picture: Picture;
}

/** Predictions of a net on validation pictures. */
export interface Insight {
  readonly classNames: readonly string[];
  /** Number of pictures that were classified: the first of the validation pictures. */
  readonly count: number;
  /** Number of validation pictures. */
  readonly of: number;
  readonly accuracy: number;
  /** Counts as [class, prediction], row-major. */
  readonly confusion: Uint32Array;
  /** The first classified pictures, and the first wrong predictions. */
  readonly samples: readonly Sample[];
  readonly mistakes: readonly Sample[];
}

/** Classifies at most the first 1000 validation pictures. */
export async function computeInsight(classifier: Classifier, validation: Pictures): Promise<Insight> {
  const { classNames } = classifier;
  const { channels, width: size, length: of } = validation;
  const count = Math.min(of, MAX_CLASSIFIED);
  const confusion = new ConfusionMatrix(classNames);
  const samples: Sample[] = [];
  const mistakes: Sample[] = [];
  for await (const batch of classifier.classify(validation, count)) {
    for (const { index, label, prediction, logProbabilities, pixels } of batch) {
      confusion.add(label, prediction);
      const lists = [samples, ...(label === prediction ? [] : [mistakes])].filter(({ length }) => length < MAX_SHOWN);
      if (lists.length === 0) continue;
      const picture = { channels, size, pixels: pixels.slice() };
      const sample = { index, label, prediction, probability: Math.exp(logProbabilities[prediction]), picture };
      for (const list of lists) list.push(sample);
    }
  }
  const { accuracy, counts } = confusion;
  return { classNames, count, of, accuracy, confusion: counts, samples, mistakes };
}
