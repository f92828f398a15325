import type { Pictures } from '../data/dataset.ts';
import type { Device } from '../runtime/device.ts';
import type { Recording } from '../runtime/recording.ts';
import { byteLength } from '../runtime/tensor.ts';
import { type Batch, type StepContext, trainingStep } from './step.ts';

/** A part of a step: its inputs are written, then its recording runs. */
export interface StepPart {
  readonly recording: Recording<unknown>;
  writeInputs(): void | Promise<void>;
  /** Called when the recording is sent. */
  sent?(): void;
}

/** Writes the inputs of each part and runs it, one after the other. */
export async function runParts(parts: readonly StepPart[]): Promise<void> {
  for (const { recording, writeInputs, sent } of parts) {
    await writeInputs();
    recording.run();
    sent?.();
  }
}

/**
 * The inputs of one step: u8 pixels [N,C,H,W] and i32 labels [N] of the pictures that are this process's own, what follows
 * them is ignored; the random seed.
 */
export interface StepInputs {
  /** The number of pictures in the batch. */
  readonly size: number;
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** Seed and step. */
  readonly seed: readonly [number, number];
}

/** The training step, recorded for each batch size: that of full batches, and that of the last batch of an epoch. */
export interface Steps {
  /** Records the step for batches of `size` of such pictures. */
  record(size: number, pictures: Pictures): Promise<void>;
  /** The pictures of a batch that this process needs; all, if it is left out. */
  own?(batch: Uint32Array): Uint32Array;
  /** The parts of a step, to be run one after the other. */
  parts(inputs: StepInputs): StepPart[];
  /** Releases recordings and inputs. */
  dispose(): void;
}

/** Recordings that read a batch, one for each number of pictures. */
export class BatchRecordings {
  private readonly begun = new Map<number, Promise<void>>();
  private readonly recorded = new Map<number, Batch & { readonly recording: Recording<unknown> }>();

  constructor(private readonly device: Device) {}

  /** Records `queue` for a batch of `size` pictures, once. */
  record(size: number, pictures: Pictures, queue: (batch: Batch) => unknown): Promise<void> {
    const begun = this.begun.get(size) ?? this.recordOnce(size, pictures, queue);
    this.begun.set(size, begun);
    return begun;
  }

  private async recordOnce(size: number, pictures: Pictures, queue: (batch: Batch) => unknown): Promise<void> {
    const { device } = this;
    const { channels, height, width } = pictures;
    const batch = {
      pixels: device.tensor([size, channels, height, width], 'u8'),
      targets: device.tensor([size], 'i32'),
    };
    try {
      this.recorded.set(size, { ...batch, recording: await device.record(() => queue(batch)) });
    } catch (error) {
      for (const tensor of Object.values(batch)) device.release(tensor);
      throw error;
    }
  }

  /** The recording for batches of `size` pictures. */
  get(size: number): Recording<unknown> {
    return this.recorded.get(size)!.recording;
  }

  /** Writes the batch that the recording for `size` pictures reads. */
  write(size: number, images: Uint8Array, labels: Int32Array): void {
    const { pixels, targets } = this.recorded.get(size)!;
    this.device.write(pixels, images.subarray(0, byteLength(pixels)));
    this.device.write(targets, labels.subarray(0, size));
  }

  /** Releases recordings and batches. */
  dispose(): void {
    for (const { pixels, targets, recording } of this.recorded.values()) {
      recording.dispose();
      this.device.release(pixels);
      this.device.release(targets);
    }
    this.recorded.clear();
  }
}

/** Steps that are one recording each. */
export class RecordedSteps implements Steps {
  private readonly batches: BatchRecordings;

  constructor(private readonly context: StepContext) {
    this.batches = new BatchRecordings(context.device);
  }

  record(size: number, pictures: Pictures): Promise<void> {
    return this.batches.record(size, pictures, (batch) => trainingStep(this.context, batch));
  }

  parts({ size, images, labels, seed }: StepInputs): StepPart[] {
    const writeInputs = () => {
      this.batches.write(size, images, labels);
      this.context.device.write(this.context.seed, Uint32Array.from(seed));
    };
    return [{ recording: this.batches.get(size), writeInputs }];
  }

  dispose(): void {
    this.batches.dispose();
  }
}
