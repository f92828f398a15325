import type { Group } from './group.ts';
import { MicroBatchedSteps } from './micro_batches.ts';
import { RecordedSteps, type Steps } from './recorded_steps.ts';
import { ShardedSteps } from './shards.ts';
import type { StepContext } from './step.ts';

/** The steps of a recipe: on whole batches, in micro-batches, or in shards that a group shares out. */
export function createSteps(context: StepContext, group: Group): Steps {
  const { shards, microBatch } = context.recipe;
  if (shards > 1) return new ShardedSteps(context, group);
  return microBatch ? new MicroBatchedSteps(context) : new RecordedSteps(context);
}
