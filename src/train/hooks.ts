import type { Reading } from './meter.ts';

/** One line of metrics.jsonl. */
export interface EpochMetrics {
  readonly epoch: number;
  /** Steps taken since the beginning. */
  readonly step: number;
  /** Means over the epoch's images, each at the time of its step. */
  readonly train_loss: number;
  readonly train_accuracy: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  /** The largest val_accuracy so far. */
  readonly best_accuracy: number;
  /** In force at the epoch's last step. */
  readonly learning_rate: number;
  /** In force during the epoch. */
  readonly weight_decay: number;
  /** Training only, without evaluation and compilation; after a resume, since then, if a step was left to take. */
  readonly images_per_second?: number;
  /** In mixed precision: what the loss is multiplied with by now, and the steps skipped so far because f16 overflowed. */
  readonly loss_scale?: number;
  readonly skipped_steps?: number;
}

/** How far training is. */
export interface Progress extends Partial<Reading> {
  readonly epoch: number;
  readonly epochs: number;
  readonly phase: 'train' | 'validate';
  /** Of this phase of the epoch, done and in all. */
  readonly images: number;
  readonly of: number;
  /** Taken since the beginning, and in all epochs. */
  readonly step: number;
  readonly steps: number;
  readonly learningRate: number;
  /** Of this epoch, once a step of it is done. */
  readonly imagesPerSecond?: number;
  /** What is left of all epochs' training, if it goes on so. */
  readonly secondsLeft?: number;
}

export interface TrainingHooks {
  onProgress?(progress: Progress): void;
  /** Called, and awaited, after each step, with the number of steps taken: training pauses until then. */
  onStep?(step: number): void | Promise<void>;
  /** Called, and awaited, after each epoch's evaluation. */
  onEpoch?(metrics: EpochMetrics): void | Promise<void>;
}

/** When to stop before all epochs are done. */
export interface Limits {
  /** After so many steps since the beginning; the epoch is evaluated as it is. */
  readonly maxSteps?: number;
  /** After the step under way; the epoch is not evaluated. */
  readonly signal?: AbortSignal;
}
