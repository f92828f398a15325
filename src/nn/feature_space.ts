import { concat } from '../autograd/ops/concat.ts';
import { flatten } from '../autograd/ops/flatten.ts';
import { globalAvgPool } from '../autograd/ops/global_avg_pool.ts';
import { linear } from '../autograd/ops/linear.ts';
import { mul } from '../autograd/ops/mul.ts';
import { reshape } from '../autograd/ops/reshape.ts';
import type { Tape } from '../autograd/tape.ts';
import { UserError } from '../runtime/errors.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { Module, Pass } from './module.ts';
import type { HostTensor } from './parameters.ts';

/**
 * Where a net's training pictures lie in the space of its features. A picture's squared Mahalanobis distance from them is
 * |weight · features + bias|².
 */
export interface FeatureSpace {
  /** [features, features] */
  readonly weight: HostTensor;
  /** [features] */
  readonly bias: HostTensor;
  /** Pictures at a larger squared distance are unlike those of training. */
  readonly threshold: number;
}

/** A wider space would make a file much larger than its net. */
const MAX_FEATURES = 512;

/**
 * Runs a net and returns the pictures' features, too: [N,features], the mean over each channel that a part of a `Sequential`
 * puts out; undefined if there is none. Of more than 512, those of every second part are taken, or of every third, …
 */
export function forwardWithFeatures(net: Module, pass: Pass, x: Tensor): { y: Tensor; features?: Tensor } {
  const { tape } = pass;
  const means = new Map<Tensor, Tensor>();
  const onOutput = (_: Module, output: Tensor) => {
    if (output.shape.length !== 4 || means.has(output)) return;
    const mean = tape.run(globalAvgPool, { x: output }, {});
    means.set(output, tape.run(reshape, { x: mean }, { shape: [...mean.shape, 1, 1] }));
  };
  const y = net.forward({ ...pass, onOutput }, x);
  const parts = thinOut([...means.values()]);
  if (parts.length === 0) return { y };
  const joined = tape.run(concat, Object.fromEntries(parts.map((part, i) => [`x${i}`, part])), {});
  return { y, features: tape.run(flatten, { x: joined }, {}) };
}

function thinOut(parts: readonly Tensor[]): readonly Tensor[] {
  for (let every = 1; ; every++) {
    const kept = parts.filter((_, i) => i % every === 0);
    if (kept.length <= 1 || kept.reduce((sum, { shape }) => sum + shape[1], 0) <= MAX_FEATURES) return kept;
  }
}

/** The constants of `squaredDistance`. */
export function distanceConstants({ weight, bias }: FeatureSpace) {
  const [rows] = weight.shape;
  return { weight, bias, ones: { shape: [1, rows], data: new Float32Array(rows).fill(1) } };
}

/**
 * Squared distances [N,1] of pictures from those of training.
 * @param constants tensors of `distanceConstants`
 * @throws UserError if the space has another number of features
 */
export function squaredDistance(
  tape: Tape,
  features: Tensor | undefined,
  { weight, bias, ones }: Readonly<Record<'weight' | 'bias' | 'ones', Tensor>>,
): Tensor {
  const count = features?.shape[1] ?? 0;
  if (!features || count !== weight.shape[1]) {
    throw new UserError(`The calibration is of ${weight.shape[1]} features, but the net has ${count}.`);
  }
  const whitened = tape.run(linear, { x: features, weight, bias }, {});
  return tape.run(linear, { x: tape.run(mul, { a: whitened, b: whitened }, {}), weight: ones }, {});
}
