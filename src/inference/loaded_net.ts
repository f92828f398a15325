import { normalize } from '../../kernels/augment/launch.ts';
import { Tape } from '../autograd/tape.ts';
import { Random } from '../data/random.ts';
import type { Architecture, NetConfig } from '../nn/architecture.ts';
import type { FeatureSpace } from '../nn/feature_space.ts';
import type { Module, Pass } from '../nn/module.ts';
import { ParameterSet, type StateDict } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import type { Recording } from '../runtime/recording.ts';
import { createHolding, Resource } from '../runtime/resource.ts';
import type { Tensor } from '../runtime/tensor.ts';

/** Normalisation of pixels from 0 to 1, per channel: (pixel − mean) / std. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What was measured of a trained net on its training and validation pictures. */
export interface Calibration {
  /** The probabilities of the classes are softmax(logits / temperature). */
  readonly temperature: number;
  /** Absent where the net has no features, or there were fewer than 9 validation pictures. */
  readonly space?: FeatureSpace;
}

/** The parts of a checkpoint that inference needs. */
export interface TrainedNet<Config extends NetConfig = NetConfig> {
  readonly architecture: Architecture<Config>;
  readonly config: Config;
  readonly classNames: readonly string[];
  /** Parameters and running statistics. */
  readonly state: StateDict;
  readonly recipe: Normalisation;
  /** Absent before training has ended: probabilities are then softmax(logits). */
  readonly calibration?: Calibration;
}

/** A trained net on a device: a recorded forward pass with folded batch norms, for one batch size. */
export class LoadedNet<T> extends Resource {
  private constructor(
    private readonly device: Device,
    private readonly parameters: ParameterSet,
    /** u8 [batchSize, channels, size, size] */
    readonly pixels: Tensor,
    private readonly folding: Recording<unknown>,
    private readonly recording: Recording<T>,
  ) {
    super();
  }

  /**
   * Loads the net and records what `forward` computes from normalised pictures.
   * @throws Error if the state does not match the config
   */
  static async create<T>(
    device: Device,
    { architecture, config, state, recipe: { mean, std } }: TrainedNet,
    batchSize: number,
    forward: (net: Module, pass: Pass, images: Tensor) => T,
  ): Promise<LoadedNet<T>> {
    const { module: net } = architecture.create(config);
    return createHolding(async (hold) => {
      const parameters = hold(new ParameterSet(device, net, new Random(0)));
      const folding = hold(await device.record(() => net.foldBatchNorm(device)));
      const pixels = device.tensor([batchSize, config.inputChannels, config.inputSize, config.inputSize], 'u8');
      hold({ dispose: () => device.release(pixels) });
      const recording = await device.record(() => {
        const images = device.tensor(pixels.shape);
        normalize(device, { pixels, images, mean, std });
        return forward(net, { tape: new Tape(device), training: false, folded: folding.result }, images);
      });
      hold(recording);
      const loaded = new LoadedNet(device, parameters, pixels, folding, recording);
      loaded.load(state);
      return loaded;
    });
  }

  /**
   * Replaces the weights by others of the same net.
   * @throws Error if they do not match the config
   */
  load(state: StateDict): void {
    this.parameters.loadStateDict(state);
    this.folding.run();
  }

  /**
   * Queues the forward pass of a whole batch.
   * @param batch pixels 0..255 as [batchSize, channels, size, size]
   * @returns the result of `forward`, valid until the next call
   */
  run(batch: Uint8Array): T {
    this.device.write(this.pixels, batch);
    this.recording.run();
    return this.recording.result;
  }

  /** Releases all memory of the net on the device. It must not be used again. */
  dispose(): void {
    this.recording.dispose();
    this.folding.dispose();
    this.device.release(this.pixels);
    this.parameters.dispose();
  }
}
