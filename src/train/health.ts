import type { Recipe } from './recipe.ts';

/** Training came to numbers that are not finite; the message says where, and the likely cause. */
export class DivergedError extends Error {
  override name = 'DivergedError';
}

/** In mixed precision, a loss scale that fell so far has nothing to do with f16 any more. */
const LEAST_SCALE = 2 ** -16;

/** What was read back of a training. */
export interface Vitals {
  /** Σ loss since the epoch began. */
  readonly loss: number;
  /** The contents of `AdamW.guard`. */
  readonly guard: ArrayLike<number>;
  /** Steps taken since the beginning. */
  readonly step: number;
}

/** @throws DivergedError if the loss or a gradient was not finite, beyond what mixed precision skips */
export function checkHealth({ loss, guard, step }: Vitals, { precision, learningRate }: Recipe): void {
  const [scale, good, skipped] = Array.from(guard);
  const diverged = precision === 'mixed' ? scale < LEAST_SCALE : skipped > 0 || !Number.isFinite(loss);
  if (!diverged) return;
  const bad = precision === 'f32' && skipped > 0 ? good + 1 : step;
  const what = Number.isFinite(loss) ? 'a gradient' : 'the loss';
  const cause =
    bad === 1
      ? 'The weights that it began with hold such numbers, or overflow at once'
      : `Most likely the learning rate, ${learningRate} at its largest, is too high`;
  throw new DivergedError(`At step ${bad} ${what} was not finite, and training stopped. ${cause}.`);
}
