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
  /** Training only, without evaluation and compilation. After a resume: since then, and undefined if no step remained. */
  readonly images_per_second?: number;
  /** Where the running statistics were estimated anew for the evaluation: how long that took. */
  readonly statistics_seconds?: number;
  /** In mixed precision: the loss scale, and the number of steps skipped so far because f16 overflowed. */
  readonly loss_scale?: number;
  readonly skipped_steps?: number;
}

/** Progress of a training. */
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
  /** Time for the remaining epochs at this speed, without validation. */
  readonly secondsLeft?: number;
}

/** Callbacks of a training. */
export interface TrainingHooks {
  /** Called after each step, and after each batch of a validation. */
  onProgress?(progress: Progress): void;
  /** Called, and awaited, after each step, with the number of steps taken: training pauses until then. */
  onStep?(step: number): void | Promise<void>;
  /** Called, and awaited, after each epoch's evaluation. */
  onEpoch?(metrics: EpochMetrics): void | Promise<void>;
}

/** Limits at which a training stops before all epochs are done. */
export interface Limits {
  /** Stops after this many steps since the beginning, and evaluates the unfinished epoch. */
  readonly maxSteps?: number;
  /** Stops after the current step, without evaluation. */
  readonly signal?: AbortSignal;
}
