import { AdamW } from '../nn/adamw.ts';
import type { Parameter } from '../nn/module.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { ParameterSet } from '../nn/parameters.ts';
import { Constant, Cosine, OneCycle, type Schedule } from '../nn/schedule.ts';
import { SGD } from '../nn/sgd.ts';
import type { Device } from '../runtime/device.ts';
import type { Recipe } from './recipe.ts';

/**
 * Creates the recipe's optimizer.
 * @param isBody whether a parameter has the body's learning rate
 */
export function createOptimizer(
  device: Device,
  parameters: ParameterSet,
  recipe: Recipe,
  isBody: (parameter: Parameter) => boolean,
): Optimizer {
  const { optimizer, momentum, amsgrad, maxNorm, averageDecay, precision, lrBackbone } = recipe;
  const rateOf = lrBackbone === 1 ? undefined : (parameter: Parameter) => (isBody(parameter) ? lrBackbone : 1);
  const shared = { maxNorm, averageDecay, scaled: precision === 'mixed', rateOf };
  if (optimizer === 'sgd') return new SGD(device, parameters, { ...shared, momentum });
  return new AdamW(device, parameters, { ...shared, amsgrad });
}

/** The number of moments in the state of the recipe's optimizer. */
export function momentCount({ optimizer, momentum, amsgrad }: Recipe): number {
  if (optimizer === 'sgd') return momentum > 0 ? 1 : 0;
  return amsgrad ? 3 : 2;
}

/**
 * Creates the recipe's schedule. One Cycle also sets beta1, which is AdamW's decay of the first moment and SGD's momentum.
 */
export function createSchedule(
  { schedule, learningRate, warmupSteps }: Pick<Recipe, 'schedule' | 'learningRate' | 'warmupSteps'>,
  totalSteps: number,
): Schedule {
  if (schedule === 'constant') return new Constant(learningRate, warmupSteps);
  if (schedule === 'cosine') return new Cosine(learningRate, totalSteps, { warmupSteps });
  return new OneCycle(learningRate, totalSteps);
}
