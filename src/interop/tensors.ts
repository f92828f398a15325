import type { StateDict } from '../nn/parameters.ts';
import { UserError } from '../runtime/errors.ts';
import type { Shape } from '../runtime/tensor.ts';
import type { YYNetConfig } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';

/** Named arrays as they come out of a file; those that a net wants are to be float32. */
export type NamedTensors = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<unknown> }>
>;

/**
 * The arrays that a net of this config has, checked, by our names.
 * @param keyOf what an array of ours is called among the `tensors`
 * @throws {UserError} naming the first that is missing, of another shape or type, or unknown
 */
export const collect = (tensors: NamedTensors, config: YYNetConfig, keyOf?: (name: string) => string): StateDict =>
  collectShapes(
    tensors,
    [...new YYNet(config).named()].map(([name, { shape }]) => [name, shape] as const),
    keyOf,
  );

/** The same for arrays of any names and shapes. */
export function collectShapes(
  tensors: NamedTensors,
  wanted: readonly (readonly [string, Shape])[],
  keyOf = (name: string) => name,
): StateDict {
  const unknown = new Set(Object.keys(tensors).filter((key) => !key.endsWith('.num_batches_tracked')));
  const state = wanted.map(([name, expected]) => {
    const key = keyOf(name);
    unknown.delete(key);
    const { shape, data } = find(tensors, key, `[${expected}]`);
    if (`${shape}` !== `${expected}`)
      throw new UserError(`Tensor '${key}' has shape [${shape}], expected [${expected}].`);
    if (!(data instanceof Float32Array)) throw new UserError(`Tensor '${key}' is not of float32 numbers, as expected.`);
    return [name, { shape, data }] as const;
  });
  for (const key of unknown) throw new UserError(`Tensor '${key}' is none of those that this net expects.`);
  return Object.fromEntries(state) as StateDict;
}

/** @throws {UserError} if there is no such tensor, saying what was expected */
export function find(tensors: NamedTensors, key: string, expected: string): NamedTensors[string] {
  if (!Object.hasOwn(tensors, key)) throw new UserError(`Tensor '${key}' is missing, expected ${expected}.`);
  return tensors[key];
}
