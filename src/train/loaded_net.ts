import { normalize } from '../../kernels/augment/launch.ts';
import { Tape } from '../autograd/tape.ts';
import { Random } from '../data/random.ts';
import type { Pass } from '../nn/module.ts';
import { ParameterSet, type StateDict } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import type { Recording } from '../runtime/recording.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';
import type { Normalisation } from './evaluation.ts';

/** A trained net, as far as using it takes: a checkpoint has all of this. */
export interface TrainedNet {
  readonly config: YYNetConfig;
  readonly classNames: readonly string[];
  readonly state: StateDict;
  /** What pictures are normalised with. */
  readonly recipe: Normalisation;
}

/** A trained net on a device: one recorded evaluation on folded weights, for one size of batch. */
export class LoadedNet<T> {
  private constructor(
    private readonly device: Device,
    private readonly parameters: ParameterSet,
    /** u8 [batchSize, channels, size, size] */
    readonly pixels: Tensor,
    private readonly folding: Recording<unknown>,
    private readonly recording: Recording<T>,
  ) {}

  /**
   * Loads the net and compiles what `forward` makes of normalised pictures.
   * @throws Error where the state does not fit the config
   */
  static async create<T>(
    device: Device,
    { config, state, recipe: { mean, std } }: TrainedNet,
    batchSize: number,
    forward: (net: YYNet, pass: Pass, images: Tensor) => T,
  ): Promise<LoadedNet<T>> {
    const net = new YYNet(config);
    const parameters = new ParameterSet(device, net, new Random(0));
    const folding = await device.record(() => net.fold(device));
    const pixels = device.tensor([batchSize, config.inputChannels, config.inputSize, config.inputSize], 'u8');
    const recording = await device.record(() => {
      const images = device.tensor(pixels.shape);
      normalize(device, { pixels, images, mean, std });
      return forward(net, { tape: new Tape(device), training: false, folded: folding.result }, images);
    });
    const loaded = new LoadedNet(device, parameters, pixels, folding, recording);
    loaded.load(state);
    return loaded;
  }

  /**
   * Takes other weights of the same net, as training goes on.
   * @throws Error where they do not fit the config
   */
  load(state: StateDict): void {
    this.parameters.loadStateDict(state);
    this.folding.run();
  }

  /** Queues the evaluation of a whole batch of pixels. Its result holds until the next one. */
  run(batch: Uint8Array): T {
    this.device.write(this.pixels, batch);
    this.recording.run();
    return this.recording.result;
  }
}
