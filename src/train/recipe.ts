/** What pictures and their gradients are stored as: f32, or f16 with sums, weights and statistics in f32. */
export type Precision = 'f32' | 'mixed';

/** How a net is trained. All figures are the paper's for CIFAR-10 unless the data set has its own. */
export interface Recipe {
  readonly epochs: number;
  readonly batchSize: number;
  /** Largest learning rate of the One Cycle schedule. */
  readonly learningRate: number;
  /** Weight decay is this times the learning rate, set at the end of each epoch. */
  readonly weightDecayFactor: number;
  readonly amsgrad: boolean;
  /** Gradients are scaled down to this global norm. */
  readonly maxNorm: number;
  /** Decay of the weights' running average, per step. */
  readonly averageDecay: number;
  readonly precision: Precision;
  readonly labelSmoothing: number;
  /** Pixels of reflected border that random crops may reach into. */
  readonly padding: number;
  /** Brightness is scaled by a factor from 1 − this to 1 + this. */
  readonly brightness: number;
  readonly flip: boolean;
  /** Per channel, on pixels from 0 to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export const paperRecipe: Recipe = {
  epochs: 40,
  batchSize: 64,
  learningRate: 1e-2,
  weightDecayFactor: 1.56,
  amsgrad: true,
  maxNorm: 1,
  averageDecay: 0.9,
  precision: 'f32',
  labelSmoothing: 0,
  padding: 4,
  brightness: 0.01,
  flip: true,
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.2023, 0.1994, 0.201],
};

/** The paper's recipe scaled to the built-in data set. */
export const shapesRecipe: Recipe = { ...paperRecipe, epochs: 5, batchSize: 16 };

const average = (values: readonly number[]) => [values.reduce((sum, value) => sum + value, 0) / values.length];

/** What grey pictures are normalised with: the average over the paper's channels. */
export const greyNormalisation = { mean: average(paperRecipe.mean), std: average(paperRecipe.std) };
