import { SingleValueError } from '../autograd/ops/batch_norm.ts';
import type { Pictures, Splits } from '../data/dataset.ts';
import { Random } from '../data/random.ts';
import type { Net, NetConfig } from '../nn/architecture.ts';
import type { Pass } from '../nn/module.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import { ParameterSet, type StateDict } from '../nn/parameters.ts';
import { Resource } from '../runtime/resource.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { TrainingState } from './checkpoint.ts';
import { createSteps } from './create_steps.ts';
import { batchSizes, stepsPerEpoch } from './epoch_batches.ts';
import { Evaluation } from './evaluation.ts';
import type { Freezing } from './freezing.ts';
import type { Group } from './group.ts';
import { createOptimizer } from './optimization.ts';
import type { Phase } from './phases.ts';
import { largestPart } from './recipe.ts';
import type { Steps } from './recorded_steps.ts';
import { BatchStatistics, hasBatchStatistics, recomputes } from './statistics.ts';
import { type StepContext, singleValue } from './step.ts';

/** The random stream of initial weights. */
const INITIALISATION = 1;

/** What all phases of a training share. */
export interface TrainingContext extends Omit<StepContext, 'module' | 'parameters' | 'optimizer'> {
  readonly net: Net<NetConfig>;
  readonly data: Splits<Pictures>;
  readonly seedNumber: number;
  readonly group: Group;
  readonly freezing: Freezing;
}

/**
 * What one phase of a training has on the device: parameters, optimizer, recorded steps and evaluation. Another phase trains
 * other parameters, so all is made anew for it.
 */
export class PhaseState extends Resource {
  readonly parameters: ParameterSet;
  readonly optimizer: Optimizer;
  readonly steps: Steps;
  private readonly context: StepContext;
  private evaluation?: Evaluation;
  /** Where the recipe estimates running statistics anew. */
  private statistics?: BatchStatistics;

  /** Gives the net these values, and random ones for the other parameters. */
  constructor(
    private readonly training: TrainingContext,
    readonly phase: Phase,
    values: StateDict,
  ) {
    super();
    const { device, net, recipe, seedNumber, group, freezing } = training;
    const { module } = net;
    freezing.apply(phase.freeze);
    this.parameters = new ParameterSet(device, module, new Random(seedNumber, INITIALISATION));
    this.parameters.loadPart(values);
    this.optimizer = createOptimizer(device, this.parameters, recipe, (parameter) => freezing.isBody(parameter));
    this.context = { ...training, module, parameters: this.parameters, optimizer: this.optimizer };
    this.steps = createSteps(this.context, group);
  }

  /**
   * Records and compiles the steps and the evaluation.
   * @throws MemoryError if a batch does not fit
   */
  async record(): Promise<void> {
    const { recipe, data, net } = this.training;
    const sizes = batchSizes(data.train.length, recipe.batchSize);
    // All at once, so that their kernels compile side by side.
    const steps = sizes.map((size) => this.steps.record(size, data.train));
    const outcomes = await Promise.allSettled([this.recordEvaluation(), this.recordStatistics(sizes[0]), ...steps]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed?.reason instanceof SingleValueError) {
      const smallest = Math.max(1, Math.floor(Math.min(...sizes) / recipe.shards));
      throw singleValue(Math.min(recipe.microBatch || smallest, smallest), net.config);
    }
    if (failed) throw failed.reason;
  }

  private async recordEvaluation(): Promise<void> {
    const { parameters, optimizer } = this;
    const { device, net, recipe, data, group } = this.training;
    const { module } = net;
    const averaged = {
      foldBatchNorm: () => parameters.withValues(optimizer.average, () => module.foldBatchNorm(device)),
      forward: (pass: Pass, x: Tensor) => parameters.withValues(optimizer.average, () => module.forward(pass, x)),
    };
    const size = Math.min(largestPart(recipe, recipe.batchSize), data.validation.length);
    const sharing = recipe.shards > 1 ? group : undefined;
    this.evaluation = await Evaluation.record(device, averaged, data.validation, size, recipe, sharing);
  }

  private async recordStatistics(batchSize: number): Promise<void> {
    const { recipe, data, net } = this.training;
    const perEpoch = stepsPerEpoch(data.train.length, recipe.batchSize);
    if (!recomputes(recipe, perEpoch) || !hasBatchStatistics(net.module)) return;
    this.statistics = await BatchStatistics.record(this.context, data.train, largestPart(recipe, batchSize));
  }

  /** Loss and accuracy of the averaged weights on the validation pictures. Undefined if it was stopped. */
  evaluate(report: (images: number) => void, signal?: AbortSignal): ReturnType<Evaluation['run']> {
    return this.evaluation!.run(report, signal);
  }

  /** Estimates the running statistics after `step` where the recipe asks for it. Returns the seconds that it took. */
  async refreshStatistics(step: number): Promise<number | undefined> {
    return this.statistics?.refresh(step);
  }

  /** The averaged weights, which evaluation uses, and the running statistics after `step`. */
  async stateDict(step: number): Promise<StateDict> {
    await this.refreshStatistics(step);
    return this.parameters.stateDict(this.optimizer.average);
  }

  /** Restores the averaged weights and running statistics, and what the training of a checkpoint has on the device. */
  restore(state: StateDict, { weights, optimizer, totals }: TrainingState): void {
    const { parameters } = this;
    parameters.withValues(this.optimizer.average, () => parameters.loadStateDict(state));
    parameters.writeFlat(parameters.values, weights);
    this.optimizer.load(optimizer);
    this.training.device.write(this.training.totals, totals);
  }

  dispose(): void {
    const { evaluation, statistics, steps, optimizer, parameters } = this;
    for (const part of [evaluation, statistics, steps, optimizer, parameters]) part?.dispose();
  }
}
