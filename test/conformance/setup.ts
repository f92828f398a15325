import type { StateDict } from '../../src/nn/parameters.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import type { Precision } from '../../src/train/recipe.ts';
import type { Case, HostTensor } from './fixture.ts';
import type { Results } from './verdict.ts';

/** What cases run on, and how activations and their gradients are stored. */
export interface Setup {
  readonly device: Device;
  readonly precision: Precision;
}

/** Runs a case on the engine. */
export type Runner = (setup: Setup, fixture: Case) => Promise<Results>;

/** Uploads a tensor as it is. */
export const upload = (device: Device, { shape, data }: HostTensor): Tensor =>
  device.upload(data, shape, data instanceof Int32Array ? 'i32' : 'f32');

/** Uploads an activation, or the gradient of one: as f16 in mixed precision. */
export const uploadActivation = ({ device, precision }: Setup, { shape, data }: HostTensor): Tensor =>
  device.upload(data, shape, precision === 'mixed' ? 'f16' : 'f32');

/** The tensors of a state dict, their names with a prefix. */
export const prefixed = (prefix: string, state: StateDict): [string, Float32Array][] =>
  Object.entries(state).map(([name, { data }]) => [`${prefix}${name}`, data]);
