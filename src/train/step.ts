import { augment } from '../../kernels/augment/launch.ts';
import { crossEntropy } from '../autograd/ops/cross_entropy.ts';
import { Tape } from '../autograd/tape.ts';
import type { Pictures } from '../data/dataset.ts';
import type { AdamW } from '../nn/adamw.ts';
import type { Module } from '../nn/module.ts';
import type { ParameterSet } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import { UserError } from '../runtime/errors.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Precision, Recipe } from './recipe.ts';

/** @throws UserError where the adapter cannot store f16 */
export function requirePrecision({ gpu, adapter }: Device, precision: Precision): void {
  if (precision === 'f32' || gpu.features.has('shader-f16')) return;
  throw new UserError(`Mixed precision needs an adapter with shader-f16, which ${adapter.name} lacks: use f32.`);
}

/** @throws UserError where the recipe is not for such pictures */
export function requireFitting({ mean, std, padding }: Recipe, { channels, height, width }: Pictures): void {
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

/** What a training step works on. */
export interface StepContext {
  readonly device: Device;
  readonly net: Module;
  readonly parameters: ParameterSet;
  readonly optimizer: AdamW;
  readonly recipe: Recipe;
  /** u32 [seed, step]: what augmentation and dropout draw from. */
  readonly seed: Tensor;
  /** Σ loss and number of correct answers since the host zeroed it. */
  readonly totals: Tensor;
}

/** One batch: u8 pixels [N,C,H,W] and i32 targets [N]. */
export interface Batch {
  readonly pixels: Tensor;
  readonly targets: Tensor;
}

/**
 * Queues one training step on a batch: augment, forward, loss, backward, clip, AdamW and the weights' average. All
 * that changes from step to step is read from tensors, so a recording of it can be replayed.
 *
 * @returns the batch's mean loss [1] and the gradients' global norm [1] before clipping
 */
export function trainingStep(
  { device, net, parameters, optimizer, recipe, seed, totals }: StepContext,
  { pixels, targets }: Batch,
): { loss: Tensor; norm: Tensor } {
  const tape = new Tape(device);
  parameters.watch(tape);
  const images = device.tensor(pixels.shape, recipe.precision === 'mixed' ? 'f16' : 'f32');
  augment(device, { ...recipe, pixels, seed, images });
  const logits = net.forward({ tape, training: true, seed }, images);
  const loss = tape.run(crossEntropy, { logits }, { targets, labelSmoothing: recipe.labelSmoothing, totals });
  tape.backward(loss, optimizer.lossScale);
  return { loss, norm: optimizer.step() };
}
