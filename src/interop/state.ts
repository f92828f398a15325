import type { Module } from '../nn/module.ts';
import type { HostTensor, StateDict } from '../nn/parameters.ts';
import { excerpt, UserError } from '../runtime/errors.ts';
import type { Shape } from '../runtime/tensor.ts';

/** Named arrays as they come out of a file; those that a net has must be float32. */
export type NamedTensors = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<unknown> }>
>;

/**
 * Picks a net's parameters and buffers out of `tensors` and checks them.
 * @param keyOf the key among `tensors` of one of our names
 * @throws UserError naming the first tensor that is missing, of another shape or type, unknown, or not sound (see
 *   {@link requireSound})
 */
export const stateOf = (tensors: NamedTensors, module: Module, keyOf?: (name: string) => string): StateDict =>
  pickTensors(
    tensors,
    [...module.named()].map(([name, { shape }]) => [name, shape] as const),
    keyOf,
  );

/** Does the same for arrays of any names and shapes. */
export function pickTensors(
  tensors: NamedTensors,
  expected: readonly (readonly [string, Shape])[],
  keyOf = (name: string) => name,
): StateDict {
  const unknown = new Set(Object.keys(tensors).filter((key) => !key.endsWith('.num_batches_tracked')));
  const state = expected.map(([name, expectedShape]) => {
    const key = keyOf(name);
    unknown.delete(key);
    const { shape, data } = findTensor(tensors, key, `[${expectedShape}]`);
    if (`${shape}` !== `${expectedShape}`) {
      throw new UserError(`Tensor '${key}' has shape [${excerpt(shape)}], expected [${expectedShape}].`);
    }
    if (!(data instanceof Float32Array)) throw new UserError(`Tensor '${key}' must be float32.`);
    requireSound({ [key]: { shape, data } as HostTensor });
    return [name, { shape, data }] as const;
  });
  for (const key of unknown) throw new UserError(`Tensor '${excerpt(key)}' is not one of this net's.`);
  return Object.fromEntries(state) as StateDict;
}

/**
 * Checks that a net with these arrays computes numbers.
 * @throws UserError naming the first array with a number that is NaN or infinite, or the first variance below 0
 */
export function requireSound(state: StateDict): void {
  for (const [name, { data }] of Object.entries(state)) {
    if (!data.every(Number.isFinite)) {
      throw new UserError(`Tensor '${name}' has numbers that are not finite, as after training that diverged.`);
    }
    if (name.endsWith('running_var') && data.some((variance) => variance < 0)) {
      throw new UserError(`Tensor '${name}' has variances below 0.`);
    }
  }
}

/** @throws UserError if there is no such tensor, saying what was expected */
export function findTensor(tensors: NamedTensors, key: string, expected: string): NamedTensors[string] {
  if (!Object.hasOwn(tensors, key)) throw new UserError(`Tensor '${key}' is missing, expected ${expected}.`);
  return tensors[key];
}
