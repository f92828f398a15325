import { type Dataset, fingerprint, imageSize, type Splits, shapes } from '../../src/index.ts';
import { openFiles, type Skipped } from '../data/files.ts';
import type { DataSummary, Event, Picture, Source } from '../messages.ts';

/** A data set to train on. */
export interface OpenedData {
  readonly builtIn: boolean;
  readonly splits: Splits;
  /** Of the training pictures: tells whether a training can go on with them. */
  readonly fingerprint: string;
  readonly skipped: readonly Skipped[];
}

/** So many classes are shown in pictures. */
const SHOWN = 20;

/**
 * Opens what the visitor chose.
 * @throws UserError naming the file that is wrong
 */
export async function openData(source: Source, tell: (event: Event) => void): Promise<OpenedData> {
  const onProgress = (task: string, done: number, total: number) => tell({ type: 'reading', task, done, total });
  const builtIn = source.kind === 'shapes';
  const { splits, skipped } = builtIn ? { splits: shapes(), skipped: [] } : await openFiles(source, onProgress);
  return { builtIn, splits, skipped, fingerprint: await fingerprint(splits.train) };
}

export function summarize({ builtIn, splits: { train, validation }, skipped }: OpenedData): DataSummary {
  const samples = train.classes.slice(0, SHOWN).flatMap((_, label) => {
    const index = train.labels.indexOf(label);
    return index < 0 ? [] : [{ label, picture: pictureAt(train, index) }];
  });
  const { name, classes, length } = train;
  return { name, builtIn, classes, train: length, validation: validation.length, samples, skipped };
}

export function pictureAt(pictures: Dataset, index: number): Picture {
  const size = imageSize(pictures);
  return {
    channels: pictures.channels,
    size: pictures.width,
    pixels: pictures.images.slice(index * size, (index + 1) * size),
  };
}
