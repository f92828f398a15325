/** What a One Cycle schedule gives for one step. */
export interface CyclePoint {
  readonly learningRate: number;
  readonly beta1: number;
}

/**
 * One Cycle: the learning rate rises from max/25 to max over the first 30 % of the steps and falls to max/250,000
 * over the rest, along cosines; Adam's beta1 runs 0.95 → 0.85 → 0.95 the other way. PyTorch's OneCycleLR with its
 * defaults.
 */
export class OneCycle {
  constructor(
    readonly maxLearningRate: number,
    readonly totalSteps: number,
  ) {}

  /** The values in force at a step, counted from 0; past the last one they stay. */
  at(step: number): CyclePoint {
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

/** From `start` to `end` along half a cosine as `done` goes from 0 to 1. */
function cosine(start: number, end: number, done: number): number {
  return end + ((start - end) / 2) * (1 + Math.cos(Math.PI * done));
}
