import type { Schedule } from '../nn/schedule.ts';
import { createSchedule } from './optimization.ts';
import { impliedSteps, type Position } from './position.ts';
import type { Freeze, Recipe } from './recipe.ts';

/** Epochs in which the same parameters train. Each phase has an optimizer and a schedule of its own. */
export interface Phase {
  readonly freeze: Freeze;
  /** Its first and last epoch, counted from 1. */
  readonly first: number;
  readonly last: number;
  /** The largest one of its schedule. */
  readonly learningRate: number;
}

/** The phases of a training: the head alone, if the recipe has epochs for it, then all that the recipe does not freeze. */
export function phasesOf({ epochs, headEpochs, freeze, learningRate, headLearningRate }: Recipe): Phase[] {
  const all = { freeze, first: headEpochs + 1, last: epochs, learningRate };
  if (headEpochs === 0) return [all];
  const headFreeze = freeze === 'head-only' ? freeze : 'body';
  return [{ freeze: headFreeze, first: 1, last: headEpochs, learningRate: headLearningRate }, all];
}

/** The phase of an epoch; after the last epoch, the last one. */
export const phaseOf = (recipe: Recipe, epoch: number): Phase =>
  phasesOf(recipe).find(({ last }) => epoch <= last) ?? phasesOf(recipe).at(-1)!;

/** The phase of the last step that was taken: the next one begins with its first step. */
export const phaseAt = (recipe: Recipe, { epoch, batch }: Position): Phase =>
  phaseOf(recipe, batch > 0 ? epoch : epoch - 1);

/** The steps of the optimizer of that phase. */
export const stepsInPhase = (recipe: Recipe, position: Position): number =>
  position.step - (phaseAt(recipe, position).first - 1) * impliedSteps(position);

/** The schedules of the phases, one after another. */
export class PhasedSchedule implements Schedule {
  private readonly parts: readonly { readonly start: number; readonly schedule: Schedule }[];

  constructor(recipe: Recipe, stepsPerEpoch: number) {
    this.parts = phasesOf(recipe).map(({ first, last, learningRate }) => ({
      start: (first - 1) * stepsPerEpoch,
      schedule: createSchedule({ ...recipe, learningRate }, (last - first + 1) * stepsPerEpoch),
    }));
  }

  at(step: number) {
    const { start, schedule } = this.parts.findLast((part) => step >= part.start) ?? this.parts[0];
    return schedule.at(step - start);
  }
}
