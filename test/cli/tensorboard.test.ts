import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PbfReader } from 'pbf';
import { expect, test } from 'vitest';
import { TensorBoard } from '../../src/cli/tensorboard.ts';
import { UserError } from '../../src/runtime/errors.ts';
import type { EpochMetrics } from '../../src/train/hooks.ts';
import { temporaryFolder } from '../support/cli.ts';

const METRICS: EpochMetrics = {
  ...{ epoch: 1, step: 300, train_loss: 1.5, train_accuracy: 0.25, val_loss: 1.25, val_accuracy: 0.5 },
  ...{ best_accuracy: 0.5, learning_rate: 0.01, weight_decay: 0.02, images_per_second: 1234 },
};

/** CRC32C bit by bit, as RFC 3720 defines it. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

const masked = (bytes: Uint8Array) => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** The messages of a TFRecord file, whose checksums must be right. */
function records(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset);
  const found: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const bytes = file.subarray(at + 12, at + 12 + length);
    expect(view.getUint32(at + 8, true)).toBe(masked(file.subarray(at, at + 8)));
    expect(view.getUint32(at + 12 + length, true)).toBe(masked(bytes));
    found.push(bytes);
    at += 16 + length;
  }
  return found;
}

interface Event {
  time?: number;
  step?: number;
  version?: string;
  scalars: Record<string, number>;
}

function decode(bytes: Uint8Array): Event {
  const value = (tag: number, value: [string, number], pbf: PbfReader) => {
    if (tag === 1) value[0] = pbf.readString();
    if (tag === 2) value[1] = pbf.readFloat();
  };
  const summary = (tag: number, scalars: Record<string, number>, pbf: PbfReader) => {
    if (tag !== 1) return;
    const [name, number] = pbf.readMessage(value, ['', Number.NaN] as [string, number]);
    scalars[name] = number;
  };
  return new PbfReader(bytes).readFields(
    (tag, event: Event, pbf) => {
      if (tag === 1) event.time = pbf.readDouble();
      if (tag === 2) event.step = pbf.readVarint();
      if (tag === 3) event.version = pbf.readString();
      if (tag === 5) pbf.readMessage(summary, event.scalars);
    },
    { scalars: {} },
  );
}

test('the checksum of this test is the standard one', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

test('a file of events begins with its version and holds the scalars of each epoch', async () => {
  const folder = join(await temporaryFolder(), 'new', 'folder');
  const board = await TensorBoard.open(folder);
  await board.onEpoch(METRICS);
  await board.onEpoch({ ...METRICS, epoch: 2, step: 2 ** 33, val_loss: 0.75 });
  const names = await readdir(folder);
  expect(names).toEqual([expect.stringMatching(/^events\.out\.tfevents\.\d{10}\./)]);
  const [version, first, second] = records(await readFile(join(folder, names[0]))).map(decode);
  expect(version.version).toBe('brain.Event:2');
  expect(Math.abs(first.time! - Date.now() / 1000)).toBeLessThan(60);
  expect(first.step).toBe(300);
  expect(first.scalars).toEqual({
    'train/loss': 1.5,
    'train/accuracy': 0.25,
    'val/loss': 1.25,
    'val/accuracy': 0.5,
    learning_rate: Math.fround(0.01),
    images_per_second: 1234,
  });
  expect(second.step).toBe(2 ** 33);
  expect(second.scalars['val/loss']).toBe(0.75);
});

test('a folder that cannot be made is one clear sentence', async () => {
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  const error = await TensorBoard.open(file).catch((error) => error);
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toContain(`--tensorboard: ${file} cannot be written`);
});
