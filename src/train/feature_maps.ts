import { grey } from '../autograd/ops/grey.ts';
import type { Pass, Sequential } from '../nn/module.ts';
import type { StateDict } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import type { Shape, Tensor } from '../runtime/tensor.ts';
import { LoadedNet, type TrainedNet } from './loaded_net.ts';

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
    private readonly loaded: LoadedNet<{ yin: Tensor[]; yang: Tensor[] }>,
  ) {}

  /**
   * Loads the net onto the device and compiles its two branches.
   * @throws Error where the state does not fit the config
   */
  static async create(device: Device, trained: TrainedNet): Promise<FeatureMaps> {
    const { yin: mode } = trained.config;
    const loaded = await LoadedNet.create(device, trained, 1, (net, pass, images) => ({
      yin: outputs(net.yin, pass, pass.tape.run(grey, { x: images }, { mode })),
      yang: outputs(net.yang, pass, images),
    }));
    return new FeatureMaps(device, loaded);
  }

  /**
   * Takes other weights of the same net, as training goes on.
   * @throws Error where they do not fit the config
   */
  load(state: StateDict): void {
    this.loaded.load(state);
  }

  /** @param pixels a picture of 0..255 as [channels, size, size] */
  async of(pixels: Uint8Array): Promise<BranchMaps> {
    const { device } = this;
    const { yin, yang } = this.loaded.run(pixels);
    const read = async (tensors: readonly Tensor[]) => {
      const maps: FeatureMap[] = [];
      for (const tensor of tensors) maps.push({ shape: tensor.shape.slice(1), data: await device.read(tensor) });
      return maps;
    };
    return { yin: await read(yin), yang: await read(yang) };
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
