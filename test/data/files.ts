import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished } from 'vitest';
import { UserError } from '../../src/runtime/errors.ts';

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'yynet-data-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files, by their paths in `folder`. */
export async function put(folder: string, files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}

/** What a UserError says; anything else fails. */
export async function complaint(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return error.message;
}

/** CIFAR records of these label bytes; pixel p of a record has the value (last label + p) mod 256. */
export function cifarRecords(...records: number[][]): Uint8Array {
  return Uint8Array.from(
    records.flatMap((labels) => [...labels, ...Array.from({ length: 3072 }, (_, p) => (labels.at(-1)! + p) % 256)]),
  );
}

/** An IDX file of unsigned bytes. */
export function idx(shape: number[], data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** MNIST's files with pictures of 2×3 pixels: all of picture i have the value i; labels as given. */
export function idxFiles(train: number[], test: number[]): Record<string, Uint8Array> {
  const pictures = (labels: number[]) =>
    idx(
      [labels.length, 2, 3],
      labels.flatMap((_, i) => Array<number>(6).fill(i)),
    );
  return {
    'train-images-idx3-ubyte.gz': gzipSync(pictures(train)),
    'train-labels-idx1-ubyte': idx([train.length], train),
    't10k-images-idx3-ubyte': pictures(test),
    't10k-labels-idx1-ubyte.gz': gzipSync(idx([test.length], test)),
  };
}
