import type { Module } from '../nn/module.ts';
import type { HostTensor, StateDict } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import { Resource } from '../runtime/resource.ts';
import type { Shape, Tensor } from '../runtime/tensor.ts';
import { LoadedNet, type TrainedNet } from './loaded_net.ts';

/** The output of one module for one picture. */
export interface FeatureMap {
  /** [channels, height, width] */
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** The outputs of each branch's modules for one picture, by branch, in forward order. */
export type BranchMaps = Readonly<Record<string, readonly FeatureMap[]>>;

/** Computes the output of each module in a trained net's branches, in evaluation. */
export class FeatureMaps extends Resource {
  private constructor(
    private readonly device: Device,
    private readonly loaded: LoadedNet<Record<string, Tensor[]>>,
  ) {
    super();
  }

  /**
   * Loads the net onto the device and records its forward pass.
   * @throws Error if the state does not match the config
   */
  static async create(device: Device, trained: TrainedNet): Promise<FeatureMaps> {
    const loaded = await LoadedNet.create(device, trained, 1, (net, pass, images) => {
      const outputs = new Map<Module, Tensor>();
      net.forward({ ...pass, onOutput: (module, y) => outputs.set(module, y) }, images);
      const branches = Object.entries(trained.architecture.branches(net));
      return Object.fromEntries(
        branches.map(([name, modules]) => [name, modules.map((module) => outputs.get(module)!)]),
      );
    });
    return new FeatureMaps(device, loaded);
  }

  /**
   * Replaces the weights by others of the same net.
   * @throws Error if they do not match the config
   */
  load(state: StateDict): void {
    this.loaded.load(state);
  }

  /** Releases all memory of the net on the device. It must not be used again. */
  dispose(): void {
    this.loaded.dispose();
  }

  /**
   * Computes the feature maps of one picture.
   * @param pixels 0..255 as [channels, size, size]
   */
  async of(pixels: Uint8Array): Promise<BranchMaps> {
    const maps: Record<string, FeatureMap[]> = {};
    for (const [name, tensors] of Object.entries(this.loaded.run(pixels))) {
      maps[name] = [];
      for (const tensor of tensors) {
        maps[name].push({ shape: tensor.shape.slice(1), data: (await this.device.read(tensor)) as Float32Array });
      }
    }
    return maps;
  }
}

/** The weight [O,C,k,k] of each branch's first convolution, by branch. */
export type Filters = Readonly<Record<string, HostTensor>>;

/** Returns the weight of the first convolution larger than 1×1 in each branch; branches without one are omitted. */
export function filtersOf({ architecture, config, state }: TrainedNet): Filters {
  const { module } = architecture.create(config);
  const names = new Map([...module.named()].map(([name, variable]) => [variable, name]));
  const filters = Object.entries(architecture.branches(module)).flatMap(([branch, modules]) => {
    const variables = modules.flatMap((part) => [...part.named()].map(([, variable]) => variable));
    const weight = variables.find(({ shape }) => shape.length === 4 && shape[2] > 1);
    return weight ? [[branch, state[names.get(weight)!]] as const] : [];
  });
  return Object.fromEntries(filters);
}
