import { UserError } from '../runtime/errors.ts';
import type { Recipe } from './recipe.ts';

/** How far a training is. */
export interface Position {
  /** The current epoch, counted from 1; past the last one when training is done. */
  readonly epoch: number;
  /** Batches of that epoch that are done. */
  readonly batch: number;
  /** Steps taken since the beginning. */
  readonly step: number;
  /** State of the generator that shuffles the pictures, at the beginning of the epoch. */
  readonly order: readonly [number, number, number, number];
  /** The best validation accuracy so far; 0 before the first. */
  readonly best: number;
  /** The epoch that had it; 0 before the first. */
  readonly bestEpoch: number;
}

/**
 * Checks a checkpoint's position: a training that resumes from an impossible one would never end.
 * @param stepsPerEpoch as the training pictures give it; without it, what the position itself implies
 * @throws UserError if no training by that recipe comes there
 */
export function checkPosition(position: Position, { epochs }: Recipe, stepsPerEpoch = impliedSteps(position)): void {
  const { epoch, batch, step } = position;
  const isInRange = epoch >= 1 && epoch <= epochs + 1 && batch <= (epoch > epochs ? 0 : stepsPerEpoch);
  if (isInRange && Number.isInteger(stepsPerEpoch) && step === (epoch - 1) * stepsPerEpoch + batch) return;
  throw new UserError(
    `The checkpoint's position is impossible: step ${step} is not batch ${batch} of epoch ${epoch} of ${epochs}.`,
  );
}

/** Every earlier epoch took this many steps; in the first epoch nothing tells. */
export function impliedSteps({ epoch, batch, step }: Position): number {
  return epoch > 1 ? (step - batch) / (epoch - 1) : Math.max(batch, 1);
}
