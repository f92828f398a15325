/** The type of activations and their gradients: f32, or f16 with sums, weights and statistics in f32. */
export type Precision = 'f32' | 'mixed';

/**
 * Parts of a net that do not train: the first blocks, 'body' (all but the head), or 'head-only' (all but the last layer, the
 * only part of the head that trains then).
 */
export type Freeze = number | 'body' | 'head-only';

/** The settings of a training. */
export interface Recipe {
  readonly epochs: number;
  readonly batchSize: number;
  /** Early stopping: training ends after this number of epochs without a better validation accuracy; 0 disables it. */
  readonly patience: number;
  /** The most pictures that the GPU works on at a time: a batch is run in parts of nearly equal size. 0: the whole batch. */
  readonly microBatch: number;
  /**
   * Batches are cut into this many shards of nearly equal size, each with batch statistics of its own. The processes that
   * train together share them out; how many these are does not change the result.
   */
  readonly shards: number;
  readonly optimizer: 'adamw' | 'sgd';
  /** Of SGD; One Cycle has its own. */
  readonly momentum: number;
  readonly schedule: 'one_cycle' | 'cosine' | 'constant';
  /** The largest learning rate of the schedule. */
  readonly learningRate: number;
  /** The parts of the net that do not train, and run on their running statistics. */
  readonly freeze: Freeze;
  /** Epochs at the beginning in which only the head trains, by a schedule of its own. */
  readonly headEpochs: number;
  /** The largest learning rate in those. */
  readonly headLearningRate: number;
  /** Factor of the learning rate for the body, which is all but the head. */
  readonly lrBackbone: number;
  /** Steps in which the learning rate rises linearly; One Cycle has its own warm-up. */
  readonly warmupSteps: number;
  /** Weight decay is this times the learning rate, set at the end of each epoch. */
  readonly weightDecayFactor: number;
  /** Whether AdamW divides by the largest second moment so far. */
  readonly amsgrad: boolean;
  /** Gradients are scaled down to this global norm. */
  readonly maxNorm: number;
  /** Decay of the weights' running average, per step; 0 for no average. */
  readonly averageDecay: number;
  readonly precision: Precision;
  /**
   * The statistics that evaluation and saved nets normalise with: the running ones of training, or such as are estimated
   * anew for the averaged weights by forward passes over training pictures. 'auto': anew where an epoch has fewer than 50
   * steps.
   */
  readonly batchStatistics: 'running' | 'recomputed' | 'auto';
  readonly labelSmoothing: number;
  /** Pixels of reflected border that random crops may reach into. */
  readonly padding: number;
  /** Brightness is scaled by a factor from 1 − this to 1 + this. */
  readonly brightness: number;
  readonly flip: boolean;
  /** Maximum rotation of a picture, in degrees, in either direction. */
  readonly rotation: number;
  /** The distance of colours from their grey is scaled by a factor from 1 − this to 1 + this. */
  readonly saturation: number;
  /** The probability that a rectangle of a picture is erased. */
  readonly erase: number;
  /** Pictures and labels of a batch are mixed in pairs, in shares drawn from Beta(this, this); 0 for no mixing. */
  readonly mixup: number;
  /** Whether the loss of a picture is divided by the number of its class's pictures, for classes of unequal size. */
  readonly balance: boolean;
  /** Per channel, on pixels from 0 to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The recipe's settings of augmentation, by name. */
export const augmentations = {
  none: { padding: 0, flip: false, brightness: 0, rotation: 0, saturation: 0, erase: 0, mixup: 0 },
  light: { padding: 2, flip: true, brightness: 0.01, rotation: 0, saturation: 0, erase: 0, mixup: 0 },
  paper: { padding: 4, flip: true, brightness: 0.01, rotation: 0, saturation: 0, erase: 0, mixup: 0 },
  strong: { padding: 4, flip: true, brightness: 0.2, rotation: 15, saturation: 0.3, erase: 0.25, mixup: 0.2 },
} as const satisfies Record<string, Partial<Recipe>>;

/** The paper's recipe for CIFAR-10. */
export const paperRecipe: Recipe = {
  epochs: 40,
  batchSize: 64,
  patience: 0,
  microBatch: 0,
  shards: 1,
  optimizer: 'adamw',
  momentum: 0.9,
  schedule: 'one_cycle',
  learningRate: 1e-2,
  freeze: 0,
  headEpochs: 0,
  headLearningRate: 1e-2,
  lrBackbone: 1,
  warmupSteps: 0,
  weightDecayFactor: 1.56,
  amsgrad: true,
  maxNorm: 1,
  averageDecay: 0,
  precision: 'f32',
  batchStatistics: 'running',
  labelSmoothing: 0,
  ...augmentations.paper,
  balance: false,
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.2023, 0.1994, 0.201],
};

/**
 * For pictures of any kind, also few of them. There is no average of the weights here either: after 40 epochs on 3 × 20 and
 * 5 × 24 pictures, nets with an average of decay 0.9 and without knew equally many held-out pictures (± 0.5 %, three seeds and
 * one), because the learning rate has fallen to almost 0 by then.
 */
export const picturesRecipe: Recipe = { ...paperRecipe, batchStatistics: 'auto' };

/**
 * The paper's recipe, scaled to the built-in data set. The average of the weights stays, so that a seed gives the weights
 * that it gave before; without it results hardly differ (4 channels, 4 epochs, three seeds: 92.5 to 98.5 % with, 95.0 to
 * 98.5 % without).
 */
export const shapesRecipe: Recipe = { ...paperRecipe, epochs: 5, batchSize: 16, averageDecay: 0.9 };

/** The most pictures of a batch of `size` that the GPU works on at a time. */
export const largestPart = ({ microBatch, shards }: Recipe, size: number) =>
  Math.min(microBatch || Math.ceil(size / shards), size);

/** An epoch of fewer steps learns little. */
const LEAST_STEPS = 8;

/** Returns the recipe's batch size, reduced where an epoch of `pictures` would have fewer than eight steps. */
export const fittingBatchSize = ({ batchSize }: Pick<Recipe, 'batchSize'>, pictures: number) =>
  Math.min(batchSize, Math.max(2, Math.floor(pictures / LEAST_STEPS)));

/** Small steps for a net that begins near its end, but batches with enough pictures for batch statistics. */
const FINE_TUNING = { steps: 30, leastBatch: 8 };

/**
 * The settings of a training whose net starts from another one and has a new last layer: the head alone for an eighth of the
 * epochs, so that its first, random gradients do not spoil the body, then all, the body at half the rate. An epoch has about
 * 30 steps: with the 8 steps that random weights need, 5 × 96 emoji from the net for CIFAR-10 gave 68 % of held-out pictures
 * after ten epochs (two seeds: 68.3 and 68.3 %), with 30 steps 77.5 and 76.7 %; at half the rate 70.8 and 73.3 %. From
 * random weights smaller batches gained nothing (66.7 and 74.2 % with 8 steps, 66.7 and 66.7 % with 30).
 * @param pictures the number of training pictures
 */
export const fineTuning = (recipe: Pick<Recipe, 'epochs' | 'batchSize'>, pictures: number) => ({
  batchSize: Math.min(
    fittingBatchSize(recipe, pictures),
    Math.max(FINE_TUNING.leastBatch, Math.floor(pictures / FINE_TUNING.steps)),
  ),
  headEpochs: Math.min(5, Math.floor(recipe.epochs / 8)),
  headLearningRate: 1e-2,
  learningRate: 1e-2,
  lrBackbone: 0.5,
});

const average = (values: readonly number[]) => [values.reduce((sum, value) => sum + value, 0) / values.length];

/** Normalisation of grey images: the average over the paper's channels. */
export const greyNormalisation = { mean: average(paperRecipe.mean), std: average(paperRecipe.std) };

/** Returns the normalisation for one or three input channels; `mean` and `std` are those of three. */
export const normalisationOf = (inputChannels: number, { mean, std }: Pick<Recipe, 'mean' | 'std'>) =>
  inputChannels === 1 ? greyNormalisation : { mean, std };

/** Normalisation by ImageNet's colours, with which timm and torchvision train. */
export const imagenetNormalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
