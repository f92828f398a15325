import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import crc32c from 'crc-32/crc32c.js';
import { PbfWriter } from 'pbf';
import { UserError } from '../runtime/errors.ts';
import type { EpochMetrics } from '../train/hooks.ts';

// A TFRecord file of Event messages. Sources: event.proto, summary.proto and record_writer.cc of
// github.com/tensorflow/tensorflow.

/** Values by tag. */
export type Scalars = Readonly<Record<string, number>>;

/** Writes an event file for TensorBoard. */
export class TensorBoard {
  private constructor(private readonly file: string) {}

  /**
   * Creates a new file in a folder, and the folder if needed. TensorBoard shows all files of a folder as one run.
   * @throws UserError if it cannot be written
   */
  static async open(folder: string): Promise<TensorBoard> {
    const now = Date.now();
    const file = join(folder, `events.out.tfevents.${Math.floor(now / 1000)}.${hostname()}.${process.pid}`);
    await withWriteError(folder, async () => {
      await mkdir(folder, { recursive: true });
      await writeFile(
        file,
        event(now, (pbf) => pbf.writeStringField(3, 'brain.Event:2')),
      );
    });
    return new TensorBoard(file);
  }

  /**
   * Appends the metrics of a finished epoch, at its step.
   * @throws UserError if the file cannot be written
   */
  async onEpoch(metrics: EpochMetrics): Promise<void> {
    const { images_per_second } = metrics;
    const scalars: Scalars = {
      'train/loss': metrics.train_loss,
      'train/accuracy': metrics.train_accuracy,
      'val/loss': metrics.val_loss,
      'val/accuracy': metrics.val_accuracy,
      learning_rate: metrics.learning_rate,
      ...(images_per_second !== undefined && { images_per_second }),
    };
    const record = event(Date.now(), (pbf) => {
      pbf.writeVarintField(2, metrics.step);
      pbf.writeMessage(5, writeSummary, scalars);
    });
    await withWriteError(this.file, () => appendFile(this.file, record));
  }
}

/** Runs `write` and turns its errors into a UserError that names the path. */
async function withWriteError(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw new UserError(`--tensorboard: ${path} cannot be written: ${(error as Error).message}.`);
  }
}

/** Encodes an Event message as a record; `time` is in milliseconds. */
function event(time: number, writeContent: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeDoubleField(1, time / 1000);
  writeContent(pbf);
  return toRecord(pbf.finish());
}

function writeSummary(scalars: Scalars, pbf: PbfWriter): void {
  for (const scalar of Object.entries(scalars)) pbf.writeMessage(1, writeValue, scalar);
}

function writeValue([tag, value]: [string, number], pbf: PbfWriter): void {
  pbf.writeStringField(1, tag);
  pbf.writeFloatField(2, value);
}

/** A TFRecord: the length as u64, its checksum, the bytes, their checksum. */
function toRecord(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + bytes.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc(bytes), true);
  return record;
}

/** CRC32C, masked as TFRecord requires, because a CRC over data that contains its own CRC is unreliable. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c.buf(bytes);
  return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
}
