import type { Recipe } from './recipe.ts';

/** The loss or a gradient was not finite. The message names the step and the likely cause. */
export class DivergedError extends Error {
  override name = 'DivergedError';
}

/** In mixed precision a loss scale below this means divergence: overflow of f16 alone does not reduce it so far. */
const LEAST_SCALE = 2 ** -16;

/** Values read back from the device to detect divergence. */
export interface Vitals {
  /** Σ loss since the epoch began. */
  readonly loss: number;
  /** The contents of `AdamW.guard`. */
  readonly guard: ArrayLike<number>;
  /** Steps taken since the beginning. */
  readonly step: number;
}

/** @throws DivergedError if the loss was not finite, or a gradient beyond what mixed precision skips */
export function checkHealth({ loss, guard, step }: Vitals, recipe: Recipe): void {
  const [scale, good, skipped] = Array.from(guard);
  const isMixed = recipe.precision === 'mixed';
  if (Number.isFinite(loss) && (isMixed ? scale >= LEAST_SCALE : skipped === 0)) return;
  const what = Number.isFinite(loss) ? 'a gradient' : 'the loss';
  // In f32 the steps before the first skipped one are counted. In mixed precision nothing tells which step it was.
  const bad = skipped > 0 && !isMixed ? good + 1 : step;
  const when = isMixed ? `By step ${bad}` : `At step ${bad}`;
  throw new DivergedError(`${when} ${what} was not finite, and training stopped. ${causeOf(bad, recipe)}.`);
}

/** @throws DivergedError if the loss on the validation pictures is not finite */
export function checkScore(loss: number, step: number, recipe: Recipe): void {
  if (Number.isFinite(loss)) return;
  throw new DivergedError(
    `After step ${step} the validation loss was not finite, and training stopped. ${causeOf(step, recipe)}.`,
  );
}

function causeOf(step: number, { learningRate, precision }: Recipe): string {
  if (step === 1) return 'The initial weights are not finite, or overflow in the first step';
  const range = precision === 'mixed' ? ', or the net needs more than the range of f16: use f32' : '';
  return `Most likely the learning rate, ${learningRate} at its largest, is too high${range}`;
}
