import { accumulate, copy, fill } from '../../kernels/elementwise/launch.ts';
import type { Pictures } from '../data/dataset.ts';
import type { Recording } from '../runtime/recording.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { cut } from './cut.ts';
import { BatchRecordings, type StepInputs, type StepPart, type Steps } from './recorded_steps.ts';
import { type Batch, computeGradients, type StepContext } from './step.ts';

/**
 * Cuts a batch into as few micro-batches of at most `most` pictures as possible, of nearly equal sizes.
 * @returns the number of pictures of each
 */
export function microBatchSizes(batchSize: number, most: number): number[] {
  return cut(batchSize, Math.ceil(batchSize / most));
}

/**
 * Steps that run a batch in micro-batches of at most `recipe.microBatch` pictures, so that memory need hold only one. Each
 * starts from the same weights and running statistics, and has batch statistics of its own. Gradients and running
 * statistics are means over the micro-batches, weighted by their pictures and added in order; then the optimizer takes one
 * step. The context's seed is [seed, step, first picture].
 */
export class MicroBatchedSteps implements Steps {
  private readonly batches: BatchRecordings;
  private readonly gradients: Tensor;
  /** The running statistics before the step, and the weighted sum of those after each micro-batch. */
  private readonly statistics?: { readonly before: Tensor; readonly sum: Tensor };
  /** The micro-batch's share of the batch's pictures, [1]. */
  private readonly share: Tensor;
  private ends?: Promise<Recording<unknown>[]>;
  private first?: Recording<unknown>;
  private last?: Recording<unknown>;

  constructor(private readonly context: StepContext) {
    const { device, parameters } = context;
    const zeros = ({ shape }: Tensor) => device.upload(new Float32Array(shape[0]), shape);
    this.batches = new BatchRecordings(device);
    this.gradients = zeros(parameters.gradients);
    const { buffers } = parameters;
    this.statistics = buffers && { before: zeros(buffers), sum: zeros(buffers) };
    this.share = device.tensor([1]);
  }

  async record(size: number, pictures: Pictures): Promise<void> {
    const { device } = this.context;
    this.ends ??= Promise.all([device.record(() => this.queueFirst()), device.record(() => this.queueLast())]);
    [this.first, this.last] = await this.ends;
    for (const part of new Set(this.sizesOf(size))) {
      await this.batches.record(part, pictures, (batch) => this.queuePart(batch));
    }
  }

  parts({ size, images, labels, seed }: StepInputs): StepPart[] {
    const parts: StepPart[] = [{ recording: this.first!, writeInputs: () => {} }];
    const { device } = this.context;
    const bytesPerPicture = images.length / labels.length;
    let first = 0;
    for (const part of this.sizesOf(size)) {
      const start = first;
      const writeInputs = () => {
        this.batches.write(part, images.subarray(start * bytesPerPicture), labels.subarray(start));
        device.write(this.context.seed, Uint32Array.of(...seed, start));
        device.write(this.share, Float32Array.of(part / size));
      };
      parts.push({ recording: this.batches.get(part), writeInputs });
      first += part;
    }
    return [...parts, { recording: this.last!, writeInputs: () => {} }];
  }

  dispose(): void {
    const { device } = this.context;
    this.batches.dispose();
    this.first?.dispose();
    this.last?.dispose();
    for (const tensor of [this.gradients, this.share, ...Object.values(this.statistics ?? {})]) device.release(tensor);
  }

  private sizesOf(batchSize: number): number[] {
    return microBatchSizes(batchSize, this.context.recipe.microBatch);
  }

  private queueFirst(): void {
    const { gradients, statistics, context } = this;
    const { device, parameters } = context;
    fill(device, { filled: gradients, value: 0 });
    if (!statistics) return;
    fill(device, { filled: statistics.sum, value: 0 });
    copy(device, { source: parameters.buffers!, copy: statistics.before });
  }

  private queuePart(batch: Batch): void {
    const { gradients, statistics, share, context } = this;
    const { device, parameters } = context;
    if (statistics) copy(device, { source: statistics.before, copy: parameters.buffers! });
    computeGradients(context, batch);
    accumulate(device, { part: parameters.gradients, share, sum: gradients });
    if (statistics) accumulate(device, { part: parameters.buffers!, share, sum: statistics.sum });
  }

  private queueLast(): void {
    const { gradients, statistics, context } = this;
    const { device, parameters, optimizer } = context;
    copy(device, { source: gradients, copy: parameters.gradients });
    if (statistics) copy(device, { source: statistics.sum, copy: parameters.buffers! });
    optimizer.step();
  }
}
