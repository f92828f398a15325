import type { Dtype, StoredTensor } from '../data/safetensors.ts';
import { UserError } from '../runtime/errors.ts';
import { fromHalf } from '../runtime/half.ts';
import type { NamedTensors } from './state.ts';

/** A state dict without wrappers, whose numbers are float32. */
export interface PlainState {
  readonly tensors: NamedTensors;
  /** What was changed: one sentence each, for the user. */
  readonly notes: readonly string[];
}

/** Prefixes that other programs put before the names of a whole net: wrappers first, then averaged copies of the weights. */
const PREFIXES = [
  ...['module', '_orig_mod', 'model', 'net', 'state_dict', 'model_state_dict'],
  ...['ema', 'ema_model', 'model_ema', 'state_dict_ema'],
].map((name) => `${name}.`);

/** Conversions to float32. */
const WIDEN: { readonly [D in Dtype]?: (data: Extract<StoredTensor, { dtype: D }>['data']) => Float32Array } = {
  F16: (data) => Float32Array.from(data, fromHalf),
  BF16: (data) => new Float32Array(Uint32Array.from(data, (bits) => bits << 16).buffer),
  F64: (data) => Float32Array.from(data),
};

/**
 * Prepares a state dict of another program: strips prefixes that all names share, leaves out a second copy of the weights and
 * integer counters, and converts f16, bf16 and f64 to float32.
 * @throws UserError for a number that is not finite, as after training diverged
 */
export function plainState(file: ReadonlyMap<string, StoredTensor>): PlainState {
  const isCounter = ({ dtype, data }: StoredTensor) => /^[IU]|^BOOL/.test(dtype) && data.length <= 1;
  const weights = new Map([...file].filter(([, tensor]) => !isCounter(tensor)));
  const { names, notes } = stripPrefixes([...weights.keys()]);
  const tensors = names.map(([key, name]) => [name, widen(key, weights.get(key)!)] as const);
  const converted = Object.keys(WIDEN).flatMap((dtype) => {
    const count = names.filter(([key]) => weights.get(key)!.dtype === dtype).length;
    const what = count === 1 ? '1 tensor is' : `${count} tensors are`;
    return count ? [`${what} converted from ${dtype.toLowerCase()} to f32.`] : [];
  });
  return { tensors: Object.fromEntries(tensors), notes: [...notes, ...converted] };
}

/** Returns the keys to take, each with its name. */
function stripPrefixes(keys: readonly string[]): { names: [key: string, name: string][]; notes: string[] } {
  const notes: string[] = [];
  let names = keys.map((key): [string, string] => [key, key]);
  let stripped = '';
  for (;;) {
    const copy = findCopy(names.map(([, name]) => name));
    if (copy) {
      names = names.filter(([, name]) => !name.startsWith(copy));
      notes.push(`the tensors under '${stripped}${copy}' are a second copy of the weights and are left out.`);
    }
    const prefix = PREFIXES.find((prefix) => names.length > 0 && names.every(([, name]) => name.startsWith(prefix)));
    if (!prefix) break;
    names = names.map(([key, name]) => [key, name.slice(prefix.length)]);
    stripped += prefix;
  }
  if (stripped) notes.unshift(`the prefix '${stripped}' of all names is stripped.`);
  return { names, notes };
}

/** The last of the prefixes under which there is a copy of the other names, or undefined. */
function findCopy(names: readonly string[]): string | undefined {
  return PREFIXES.findLast((prefix) => {
    const inside = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    const outside = names.filter((name) => !name.startsWith(prefix));
    if (inside.length === 0) return false;
    const plain = new Set(outside.flatMap((name) => [name, withoutPrefix(name)]));
    return inside.every((name) => plain.has(name));
  });
}

const withoutPrefix = (name: string) => name.slice(PREFIXES.find((prefix) => name.startsWith(prefix))?.length ?? 0);

function widen(key: string, { dtype, shape, data }: StoredTensor): NamedTensors[string] {
  const convert = WIDEN[dtype] as ((data: ArrayLike<unknown>) => Float32Array) | undefined;
  const values = convert ? convert(data) : data;
  if (values instanceof Float32Array && !values.every(Number.isFinite)) {
    throw new UserError(`Tensor '${key}' has values that are not finite.`);
  }
  return { shape, data: values };
}
