import * as v from 'valibot';
import { count, fraction, integer } from '../data/parse.ts';
import type { Recipe } from './recipe.ts';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const channels = v.pipe(v.array(v.pipe(v.number(), v.finite())), v.minLength(1));

/** The smallest and largest values of what the command line takes too. */
export const bounds = { epochs: [1, 1_000_000], batchSize: [1, 65_536], shards: [1, 65_536] } as const;

/** What a recipe may be. The keys with defaults are missing in checkpoints of version 0.1. */
export const recipeSchema = v.strictObject({
  epochs: integer(...bounds.epochs),
  batchSize: integer(...bounds.batchSize),
  microBatch: v.optional(count, 0),
  shards: v.optional(integer(...bounds.shards), 1),
  patience: v.optional(count, 0),
  optimizer: v.optional(v.picklist(['adamw', 'sgd']), 'adamw'),
  momentum: v.optional(fraction, 0.9),
  schedule: v.optional(v.picklist(['one_cycle', 'cosine', 'constant']), 'one_cycle'),
  learningRate: positive,
  freeze: v.optional(v.union([count, v.picklist(['body', 'head-only'])]), 0),
  headEpochs: v.optional(count, 0),
  headLearningRate: v.optional(positive, 1e-2),
  lrBackbone: v.optional(positive, 1),
  warmupSteps: v.optional(count, 0),
  weightDecayFactor: v.pipe(v.number(), v.finite(), v.minValue(0)),
  amsgrad: v.boolean(),
  maxNorm: positive,
  averageDecay: fraction,
  precision: v.picklist(['f32', 'mixed']),
  batchStatistics: v.optional(v.picklist(['running', 'recomputed', 'auto']), 'running'),
  labelSmoothing: fraction,
  padding: integer(0, 4096),
  brightness: fraction,
  flip: v.boolean(),
  rotation: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(180)), 0),
  saturation: v.optional(fraction, 0),
  erase: v.optional(fraction, 0),
  mixup: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 0),
  balance: v.optional(v.boolean(), false),
  mean: channels,
  std: v.pipe(
    channels,
    v.everyItem((value) => value > 0, 'Expected numbers above 0'),
  ),
}) satisfies v.GenericSchema<unknown, Recipe>;
