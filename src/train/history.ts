import type { EpochMetrics, Progress } from './hooks.ts';

/** A curve has about this many points, however long training takes. */
const POINTS = 400;

/** One point of the curves. Loss and accuracy are means over the epoch so far, on the training images. */
export type Point = Pick<Progress, 'step' | 'learningRate' | 'imagesPerSecond' | 'loss' | 'accuracy'>;

/** The data that the curves of a run are drawn from. */
export interface History {
  readonly stepsPerEpoch: number;
  readonly steps: number;
  readonly points: readonly Point[];
  readonly epochs: readonly EpochMetrics[];
}

/** Collects the data that the curves of a run are drawn from. */
export class Recorder {
  private readonly points: Point[];
  private readonly epochs: EpochMetrics[];

  /** @param from an earlier part of the same run, up to step `step` */
  constructor(
    private readonly stepsPerEpoch: number,
    private readonly steps: number,
    step = 0,
    from?: Pick<History, 'points' | 'epochs'>,
  ) {
    this.points = from?.points.filter((point) => point.step <= step) ?? [];
    this.epochs = from?.epochs.filter((epoch) => epoch.step <= step) ?? [];
  }

  get history(): History {
    return { stepsPerEpoch: this.stepsPerEpoch, steps: this.steps, points: this.points, epochs: this.epochs };
  }

  /** Adds a point, unless the last one is too close. Returns the added point. */
  add({ step, learningRate, imagesPerSecond, loss, accuracy }: Progress): Point | undefined {
    const last = this.points.at(-1)?.step ?? 0;
    if (step - last < this.steps / POINTS) return undefined;
    const point = { step, learningRate, imagesPerSecond, loss, accuracy };
    this.points.push(point);
    return point;
  }

  /** Adds a finished epoch. */
  addEpoch(metrics: EpochMetrics): void {
    this.epochs.push(metrics);
  }
}
