// What outlives a reload, in the browser's IndexedDB: the last run and its pictures.
import { del, get, set } from 'idb-keyval';
import { type Dataset, inMemory, shapes } from '../../src/index.ts';
import type { History, SavedRun } from '../messages.ts';
import type { OpenedData } from './data.ts';

const RUN = 'yynet.run';
const DATA = 'yynet.data';

export interface StoredRun extends SavedRun {
  /** A safetensors file. */
  readonly checkpoint: Uint8Array;
  readonly history: History;
}

/** A data set without its methods, which IndexedDB cannot keep; shapes are drawn again. */
type StoredData = Omit<OpenedData, 'splits'> & { readonly splits?: Readonly<Record<'train' | 'validation', Stored>> };
type Stored = Omit<Dataset, 'read' | 'length'>;

export const saveRun = (run: StoredRun) => set(RUN, run);
export const savedRun = () => get<StoredRun>(RUN);

export const saveData = ({ splits, ...data }: OpenedData) =>
  set(DATA, {
    ...data,
    splits: data.builtIn ? undefined : { train: bare(splits.train), validation: bare(splits.validation) },
  });

export async function savedData(): Promise<OpenedData | undefined> {
  const stored = await get<StoredData>(DATA);
  if (!stored) return undefined;
  const { splits, ...data } = stored;
  if (!splits) return { ...data, splits: shapes() };
  return { ...data, splits: { train: inMemory(splits.train), validation: inMemory(splits.validation) } };
}

export async function forget(): Promise<void> {
  await del(RUN);
  await del(DATA);
}

function bare({ read, length, ...contents }: Dataset): Stored {
  return contents;
}
