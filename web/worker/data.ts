import { countByClass } from '../../src/data/dataset.ts';
import { reasonOf } from '../../src/data/left_out.ts';
import { type Dataset, fingerprint, imageSize, shapes } from '../../src/index.ts';
import { openCards } from '../data/cards.ts';
import { type OnReading, type OpenedFiles, openFiles } from '../data/files.ts';
import type { DataSummary, Event, Picture, Source } from '../messages.ts';

/** An open data set. */
export interface OpenedData extends OpenedFiles {
  /** Whether it is the built-in data set 'shapes'. */
  readonly builtIn: boolean;
  /** Whether its pictures are on the page's cards. */
  readonly fromCards: boolean;
  /** Hash of the training pictures; training can only be resumed with the same ones. */
  readonly fingerprint: string;
}

/** Maximum number of classes to show a sample of. */
const MAX_SAMPLES = 20;

/**
 * Opens the data set that the user chose.
 * @throws {UserError} naming the invalid file
 */
export async function openData(source: Source, emit: (event: Event) => void): Promise<OpenedData> {
  const onProgress = (task: string, done: number, total: number) => emit({ type: 'reading', task, done, total });
  const opened = await openSource(source, onProgress);
  return {
    builtIn: source.kind === 'shapes',
    fromCards: source.kind === 'cards',
    ...opened,
    fingerprint: await fingerprint(opened.splits.train),
  };
}

async function openSource(source: Source, onReading: OnReading): Promise<OpenedFiles> {
  if (source.kind === 'shapes') return { splits: shapes(), leftOut: [], notices: [] };
  return source.kind === 'cards' ? openCards(source, onReading) : openFiles(source, onReading);
}

/** Describes a data set for the page. */
export function summarize({
  builtIn,
  fromCards,
  splits: { train, validation },
  notices,
  leftOut,
}: OpenedData): DataSummary {
  const samples = train.classes.slice(0, MAX_SAMPLES).flatMap((_, label) => {
    const index = train.labels.indexOf(label);
    return index < 0 ? [] : [{ label, picture: pictureAt(train, index) }];
  });
  const { name, classes, length } = train;
  return {
    ...{ name, builtIn, fromCards, classes, train: length, validation: validation.length, samples, notices },
    counts: countByClass(train),
    leftOut: leftOut.map((file) => ({ path: file.path, reason: reasonOf(file) })),
  };
}

/** Returns a copy of one picture. */
export function pictureAt(pictures: Dataset, index: number): Picture {
  const size = imageSize(pictures);
  return {
    channels: pictures.channels,
    size: pictures.width,
    pixels: pictures.images.slice(index * size, (index + 1) * size),
  };
}
