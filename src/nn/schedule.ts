/** What a schedule sets for one step. */
export interface Rates {
  readonly learningRate: number;
  /** AdamW's beta1, or SGD's momentum; the optimizer's own if left out. */
  readonly beta1?: number;
}

/** The learning rate as a function of the step. */
export interface Schedule {
  /** The rates in force at a step, counted from 0. */
  at(step: number): Rates;
}

/**
 * One learning rate for all steps. In the first `warmupSteps` steps it rises linearly: learningRate · (step + 1) /
 * (warmupSteps + 1). PyTorch's LinearLR with start_factor 1 / (warmupSteps + 1) and total_iters warmupSteps.
 */
export class Constant implements Schedule {
  constructor(
    readonly learningRate: number,
    readonly warmupSteps = 0,
  ) {}

  at(step: number): Rates {
    return { learningRate: this.learningRate * warmup(step, this.warmupSteps) };
  }
}

/** What a cosine schedule may leave out. */
export interface CosineOptions {
  /** Learning rate after the last step; 0 if left out. */
  readonly finalLearningRate?: number;
  /** Steps of a linear warm-up, as in `Constant`; 0 if left out. */
  readonly warmupSteps?: number;
}

/**
 * After a linear warm-up the learning rate falls along half a cosine to the final one, which it reaches after
 * `totalSteps` steps. PyTorch's SequentialLR of LinearLR and CosineAnnealingLR with T_max totalSteps − warmupSteps.
 */
export class Cosine implements Schedule {
  readonly finalLearningRate: number;
  readonly warmupSteps: number;

  constructor(
    readonly learningRate: number,
    readonly totalSteps: number,
    { finalLearningRate = 0, warmupSteps = 0 }: CosineOptions = {},
  ) {
    this.finalLearningRate = finalLearningRate;
    this.warmupSteps = warmupSteps;
  }

  at(step: number): Rates {
    const { learningRate, finalLearningRate, warmupSteps, totalSteps } = this;
    if (step < warmupSteps) return { learningRate: learningRate * warmup(step, warmupSteps) };
    const done = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
    return { learningRate: cosine(learningRate, finalLearningRate, done) };
  }
}

/**
 * One Cycle: the learning rate rises from max/25 to max over the first 30 % of the steps and falls to max/250,000
 * over the rest, along cosines; beta1 goes 0.95 → 0.85 → 0.95 meanwhile. PyTorch's OneCycleLR with its defaults.
 */
export class OneCycle implements Schedule {
  constructor(
    readonly maxLearningRate: number,
    readonly totalSteps: number,
  ) {}

  /** The rates in force at a step, counted from 0; after the last step they stay. */
  at(step: number): Required<Rates> {
    const last = this.totalSteps - 1;
    const peak = 0.3 * this.totalSteps - 1;
    const initial = this.maxLearningRate / 25;
    if (step <= peak) {
      const done = peak > 0 ? step / peak : 1;
      return { learningRate: cosine(initial, this.maxLearningRate, done), beta1: cosine(0.95, 0.85, done) };
    }
    const done = Math.min(1, (step - peak) / (last - peak));
    return { learningRate: cosine(this.maxLearningRate, initial / 1e4, done), beta1: cosine(0.85, 0.95, done) };
  }
}

/** The factor of a linear warm-up: never 0, and 1 from step `steps` on. */
const warmup = (step: number, steps: number) => Math.min(1, (step + 1) / (steps + 1));

/** From `start` to `end` along half a cosine as `done` goes from 0 to 1. */
function cosine(start: number, end: number, done: number): number {
  return end + ((start - end) / 2) * (1 + Math.cos(Math.PI * done));
}
