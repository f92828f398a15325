// Stores the last run and its pictures in the browser's IndexedDB, so that they survive a reload.
import { del, get, set } from 'idb-keyval';
import { type Dataset, inMemory, shapes } from '../../src/index.ts';
import type { History, SavedRun, Settings } from '../messages.ts';
import type { OpenedData } from './data.ts';

const RUN_KEY = 'yynet.run';
const DATA_KEY = 'yynet.data';

export interface StoredRun extends SavedRun {
  /** A safetensors file. */
  readonly checkpoint: Uint8Array;
  readonly history: History;
  /** What it started from; runs of earlier versions do not say. */
  readonly start?: Settings['start'];
}

/** A data set without its methods, which IndexedDB cannot store. 'shapes' is stored without pictures and generated again. */
type StoredData = Omit<OpenedData, 'splits'> & {
  readonly splits?: Readonly<Record<'train' | 'validation', StoredPictures>>;
};
type StoredPictures = Omit<Dataset, 'read' | 'length'>;

export const saveRun = (run: StoredRun) => set(RUN_KEY, run);
export const savedRun = () => get<StoredRun>(RUN_KEY);

export const saveData = ({ splits, ...data }: OpenedData) =>
  set(DATA_KEY, {
    ...data,
    splits: data.builtIn
      ? undefined
      : { train: withoutMethods(splits.train), validation: withoutMethods(splits.validation) },
  });

export async function savedData(): Promise<OpenedData | undefined> {
  const stored = await get<StoredData>(DATA_KEY);
  if (!stored) return undefined;
  const { splits, ...data } = stored;
  if (!splits) return { ...data, splits: shapes() };
  return { ...data, splits: { train: inMemory(splits.train), validation: inMemory(splits.validation) } };
}

export async function forget(): Promise<void> {
  await del(RUN_KEY);
  await del(DATA_KEY);
}

function withoutMethods({ read, length, ...contents }: Dataset): StoredPictures {
  return contents;
}
