import { normalize } from '../../kernels/augment/launch.ts';
import { grey } from '../autograd/ops/grey.ts';
import { Tape } from '../autograd/tape.ts';
import { Random } from '../data/random.ts';
import type { Pass, Sequential } from '../nn/module.ts';
import { ParameterSet, type StateDict } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import type { Recording } from '../runtime/recording.ts';
import type { Shape, Tensor } from '../runtime/tensor.ts';
import { YYNet } from '../yinyang/yynet.ts';
import type { TrainedNet } from './classifier.ts';

/** What one block makes of one picture. */
export interface FeatureMap {
  /** [channels, height, width] */
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** What the blocks of both branches make of one picture, in the order of the net; the last of each are fused. */
export interface BranchMaps {
  readonly yin: readonly FeatureMap[];
  readonly yang: readonly FeatureMap[];
}

/** Shows what a trained net sees: the output of each block of Yin and of Yang, as evaluation computes them. */
export class FeatureMaps {
  private constructor(
    private readonly device: Device,
    private readonly parameters: ParameterSet,
    private readonly pixels: Tensor,
    private readonly folding: Recording<unknown>,
    private readonly recording: Recording<{ yin: Tensor[]; yang: Tensor[] }>,
  ) {}

  /**
   * Loads the net onto the device and compiles its two branches.
   * @throws Error where the state does not fit the config
   */
  static async create(device: Device, { config, state, recipe }: TrainedNet): Promise<FeatureMaps> {
    const net = new YYNet(config);
    const parameters = new ParameterSet(device, net, new Random(0));
    const folding = await device.record(() => net.fold(device));
    const pixels = device.tensor([1, config.inputChannels, config.inputSize, config.inputSize], 'u8');
    const recording = await device.record(() => {
      const images = device.tensor(pixels.shape);
      normalize(device, { pixels, images, mean: recipe.mean, std: recipe.std });
      const pass = { tape: new Tape(device), training: false, folded: folding.result };
      return {
        yin: outputs(net.yin, pass, pass.tape.run(grey, { x: images }, { mode: config.yin })),
        yang: outputs(net.yang, pass, images),
      };
    });
    const maps = new FeatureMaps(device, parameters, pixels, folding, recording);
    maps.load(state);
    return maps;
  }

  /**
   * Takes other weights of the same net, as training goes on.
   * @throws Error where they do not fit the config
   */
  load(state: StateDict): void {
    this.parameters.loadStateDict(state);
    this.folding.run();
  }

  /** @param pixels a picture of 0..255 as [channels, size, size] */
  async of(pixels: Uint8Array): Promise<BranchMaps> {
    const { device, recording } = this;
    device.write(this.pixels, pixels);
    recording.run();
    const read = async (tensors: readonly Tensor[]) => {
      const maps: FeatureMap[] = [];
      for (const tensor of tensors) maps.push({ shape: tensor.shape.slice(1), data: await device.read(tensor) });
      return maps;
    };
    return { yin: await read(recording.result.yin), yang: await read(recording.result.yang) };
  }
}

/** What each block in turn makes of x. */
function outputs(branch: Sequential, pass: Pass, x: Tensor): Tensor[] {
  let y = x;
  return branch.modules.map((block) => {
    y = block.forward(pass, y);
    return y;
  });
}
