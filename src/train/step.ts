import { augment, mix as mixPairs } from '../../kernels/augment/launch.ts';
import { crossEntropy } from '../autograd/ops/cross_entropy.ts';
import { Tape } from '../autograd/tape.ts';
import type { Pictures, Splits } from '../data/dataset.ts';
import { parse } from '../data/parse.ts';
import type { NetConfig } from '../nn/architecture.ts';
import type { Module } from '../nn/module.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { ParameterSet } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import { UserError } from '../runtime/errors.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Precision, Recipe } from './recipe.ts';
import { recipeSchema } from './schema.ts';

/** @throws UserError where the adapter cannot store f16 */
export function requirePrecision({ gpu, adapter }: Device, precision: Precision): void {
  if (precision === 'f32' || gpu.features.has('shader-f16')) return;
  throw new UserError(`Mixed precision needs an adapter with shader-f16, but ${adapter.name} has none: use f32.`);
}

/** @throws UserError where the recipe is wrong, the adapter lacks its precision, or the net or the recipe does not fit the data */
export function requireTrainable(device: Device, config: NetConfig, data: Splits<Pictures>, recipe: Recipe): void {
  parse(recipeSchema, recipe, 'the recipe');
  requirePrecision(device, recipe.precision);
  requireFittingData(recipe, config, data);
}

/** @throws UserError where the net or the recipe does not fit the data */
function requireFittingData(recipe: Recipe, config: NetConfig, { train, validation }: Splits<Pictures>): void {
  for (const pictures of [train, validation]) {
    const { channels, height, width, classes, labels, length } = pictures;
    if (length === 0)
      throw new UserError(`${pictures.name} has no pictures to ${pictures === train ? 'train' : 'validate'} on.`);
    const { inputChannels, inputSize } = config;
    if (channels !== inputChannels || height !== inputSize || width !== inputSize) {
      const expected = `${inputChannels}×${inputSize}×${inputSize}`;
      throw new UserError(
        `The net takes pictures of ${expected}, but those of ${pictures.name} are ${channels}×${height}×${width}.`,
      );
    }
    if (classes.length !== config.classes) {
      throw new UserError(`The net has ${config.classes} classes, but ${pictures.name} has ${classes.length}.`);
    }
    const wrong = labels.find((label) => label < 0 || label >= classes.length);
    if (wrong !== undefined) {
      throw new UserError(`${pictures.name} has the label ${wrong}, expected 0 to ${classes.length - 1}.`);
    }
  }
  requireFittingRecipe(recipe, train);
  const { headEpochs, epochs } = recipe;
  if (headEpochs > 0 && headEpochs >= epochs) {
    throw new UserError(`'head_epochs' in the recipe must be less than its ${epochs} epochs, got ${headEpochs}.`);
  }
}

/** @throws UserError where the recipe's normalisation, padding or shards do not fit the pictures */
function requireFittingRecipe(recipe: Recipe, { channels, height, width, length }: Pictures): void {
  const { mean, std, padding, microBatch, shards } = recipe;
  const batch = Math.min(recipe.batchSize, length);
  if (shards > 1 && microBatch > 0) {
    throw new UserError(
      "'micro_batch' and 'shards' in the recipe exclude each other: the GPU works on one shard at a time.",
    );
  }
  if (shards > batch) {
    throw new UserError(`'shards' in the recipe must be at most ${batch}, the pictures of a batch, got ${shards}.`);
  }
  for (const [key, { length }] of Object.entries({ mean, std })) {
    if (length === channels) continue;
    throw new UserError(
      `'${key}' in the recipe has ${length} values, expected ${channels}: one a channel of the pictures.`,
    );
  }
  if (padding < Math.min(height, width)) return;
  throw new UserError(
    `'padding' in the recipe must be less than the pictures' extents, got ${padding} for ${height}×${width}.`,
  );
}

/** Why batches of so few pictures cannot train the net: batch normalisation needs more than one value a channel. */
export function singleValue(pictures: number, { inputSize }: NetConfig): UserError {
  return new UserError(
    `A batch of ${pictures} leaves batch normalisation one value a channel, because the net reduces ` +
      `${inputSize} × ${inputSize} pictures to one pixel; use larger batches or larger pictures.`,
  );
}

/** The objects and tensors of a training step. */
export interface StepContext {
  readonly device: Device;
  readonly module: Module;
  readonly parameters: ParameterSet;
  readonly optimizer: Optimizer;
  readonly recipe: Recipe;
  /** u32 [seed, step] (micro-batches and shards: [seed, step, first picture]), from which augmentation and dropout draw. */
  readonly seed: Tensor;
  /** Two numbers: Σ loss and the number of correct answers. The host sets them to 0. */
  readonly totals: Tensor;
  /** The share of the first picture of each mixed pair, [1]; none where the recipe has no mixup. */
  readonly mix?: Tensor;
  /** [classes], by which losses are multiplied. */
  readonly weights?: Tensor;
}

/** One batch: u8 pixels [N,C,H,W] and i32 targets [N]. */
export interface Batch {
  readonly pixels: Tensor;
  readonly targets: Tensor;
}

/**
 * Queues one training step on a batch: augmentation, forward, loss, backward, clipping, optimizer, average. Everything that
 * changes from step to step is read from tensors, so that a recording of it can be replayed.
 *
 * @returns the batch's mean loss [1] and the gradients' global norm [1] before clipping
 */
export function trainingStep(context: StepContext, batch: Batch): { loss: Tensor; norm: Tensor } {
  const loss = computeGradients(context, batch);
  return { loss, norm: context.optimizer.step() };
}

/** Queues the part of a step before the optimizer: it fills the gradients. Returns the mean loss [1]. */
export function computeGradients(
  { device, module, parameters, optimizer, recipe, seed, totals, mix, weights }: StepContext,
  { pixels, targets }: Batch,
): Tensor {
  const tape = new Tape(device);
  parameters.watch(tape);
  const images = device.tensor(pixels.shape, recipe.precision === 'mixed' ? 'f16' : 'f32');
  augment(device, { ...recipe, pixels, seed, images });
  if (mix) mixPairs(device, { images, share: mix });
  const logits = module.forward({ tape, training: true, seed }, images);
  const loss = tape.run(
    crossEntropy,
    { logits },
    { targets, labelSmoothing: recipe.labelSmoothing, totals, mix, weights },
  );
  tape.backward(loss, optimizer.lossScale);
  return loss;
}
