import { normalize } from '../../kernels/augment/launch.ts';
import { Tape } from '../autograd/tape.ts';
import { batches, loadBatches, type Pictures } from '../data/dataset.ts';
import { Random } from '../data/random.ts';
import { BatchNorm2d } from '../nn/layers.ts';
import type { Module } from '../nn/module.ts';
import type { StateDict } from '../nn/parameters.ts';
import type { Recording } from '../runtime/recording.ts';
import { size, type Tensor } from '../runtime/tensor.ts';
import type { Recipe } from './recipe.ts';
import type { StepContext } from './step.ts';

/** Random stream of the choice of pictures. */
const STATISTICS = 4;

/** The share of the pictures that estimates: a forward pass takes a third of a step, so this takes a sixth of the time. */
const SHARE = 0.5;

/** Steps after which the initial statistics weigh less than 1 % in running statistics of momentum 0.1. */
const TRUSTED_STEPS = 50;

/**
 * Whether the running statistics are estimated anew. With 'auto' they are where an epoch has too few steps to leave the
 * initial ones behind: then they also lag behind weights that change fast.
 */
export function recomputes({ batchStatistics }: Recipe, stepsPerEpoch: number): boolean {
  return batchStatistics === 'auto' ? stepsPerEpoch < TRUSTED_STEPS : batchStatistics === 'recomputed';
}

/** A normalisation's running statistics by their names, and the weight that one batch has in them. */
interface Norm {
  readonly names: readonly [mean: string, variance: string];
  readonly momentum: number;
}

/** The normalisations that train by batch statistics. */
function normsOf(module: Module): Norm[] {
  const names = new Map([...module.named()].map(([name, variable]) => [variable, name]));
  return [...module.submodules()].flatMap((part) => {
    if (!(part instanceof BatchNorm2d) || part.frozen) return [];
    const { running_mean, running_var, momentum } = part;
    return { names: [names.get(running_mean)!, names.get(running_var)!] as const, momentum };
  });
}

/** Whether a net has statistics to estimate: frozen normalisations keep theirs. */
export const hasBatchStatistics = (module: Module) => normsOf(module).length > 0;

/**
 * Estimates the running statistics for the averaged weights: means of the batch means and variances of forward passes over
 * training pictures without augmentation ("precise" batch normalisation). The same weights give the same bits.
 */
export class BatchStatistics {
  private readonly norms: readonly Norm[];
  /** The step whose weights the running statistics are of. */
  private step?: number;

  private constructor(
    private readonly context: StepContext,
    private readonly pictures: Pictures,
    private readonly pixels: Tensor,
    private readonly recording: Recording<unknown>,
  ) {
    this.norms = normsOf(context.module);
  }

  /** Records the forward pass, for batches of `batchSize` pictures. */
  static async record(context: StepContext, pictures: Pictures, batchSize: number): Promise<BatchStatistics> {
    const { device, module, parameters, optimizer, recipe, seed } = context;
    const { mean, std, precision } = recipe;
    const pixels = device.tensor([batchSize, pictures.channels, pictures.height, pictures.width], 'u8');
    const forward = () => {
      const images = device.tensor(pixels.shape, precision === 'mixed' ? 'f16' : 'f32');
      normalize(device, { pixels, images, mean, std });
      module.forward({ tape: new Tape(device), training: true, seed }, images);
    };
    const recording = await device
      .record(() => parameters.withValues(optimizer.average, forward))
      .catch((error) => {
        device.release(pixels);
        throw error;
      });
    return new BatchStatistics(context, pictures, pixels, recording);
  }

  /**
   * Makes the running statistics those of the weights after `step`. Returns the seconds that it took; 0 if they are.
   */
  async refresh(step: number): Promise<number> {
    if (step === this.step) return 0;
    const { device } = this.context;
    await device.done();
    const start = performance.now();
    await this.estimate();
    this.step = step;
    return (performance.now() - start) / 1000;
  }

  private async estimate(): Promise<void> {
    const { context, pictures, pixels, recording, norms } = this;
    const { device, parameters, seed } = context;
    const before = await parameters.readBuffers();
    const names = norms.flatMap((norm) => norm.names);
    const zero = names.map(
      (name) => [name, { shape: before[name].shape, data: before[name].data.map(() => 0) }] as const,
    );
    // From 0 a pass leads to momentum · the batch's statistics.
    const start: StateDict = { ...before, ...Object.fromEntries(zero) };
    const sums = new Map(names.map((name) => [name, new Float64Array(before[name].data.length)]));
    const [batchSize] = pixels.shape;
    const order = [...batches(pictures.length, batchSize, new Random(0, STATISTICS))];
    const used = order.slice(0, Math.max(1, Math.floor((SHARE * pictures.length) / batchSize)));
    for await (const { images } of loadBatches(pictures, batchSize, used)) {
      device.write(pixels, images);
      device.write(seed, new Uint32Array(size(seed)));
      parameters.writeBuffers(start);
      recording.run();
      const after = await parameters.readBuffers();
      for (const [name, sum] of sums) for (const [i, value] of after[name].data.entries()) sum[i] += value;
    }
    const estimated = { ...before };
    for (const { names, momentum } of norms) {
      // A normalisation that the net does not use has no statistics.
      if (names.every((name) => sums.get(name)!.every((sum) => sum === 0))) continue;
      for (const name of names) {
        const data = Float32Array.from(sums.get(name)!, (sum) => sum / (momentum * used.length));
        estimated[name] = { shape: before[name].shape, data };
      }
    }
    parameters.writeBuffers(estimated);
  }

  /** Releases the recording and its input. */
  dispose(): void {
    this.recording.dispose();
    this.context.device.release(this.pixels);
  }
}
