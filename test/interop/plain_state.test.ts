import { expect, test } from 'vitest';
import type { StoredTensor } from '../../src/data/safetensors.ts';
import { plainState } from '../../src/interop/plain_state.ts';

const weights = {
  'conv.weight': { dtype: 'F32', shape: [2], data: Float32Array.of(1.5, -2) },
  'bn.running_mean': { dtype: 'F32', shape: [1], data: Float32Array.of(0.25) },
} as const satisfies Record<string, StoredTensor>;
const counter: StoredTensor = { dtype: 'I64', shape: [], data: BigInt64Array.of(7n) };
const plain = Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, { shape, data }]));

const prefixed = (prefix: string): [string, StoredTensor][] =>
  Object.entries(weights).map(([name, tensor]) => [prefix + name, tensor]);

test.each(['module.', '_orig_mod.', '_orig_mod.module.', 'model.', 'net.', 'ema.', 'state_dict.model.'])(
  "strips '%s' and says so",
  (prefix) => {
    const { tensors, notes } = plainState(new Map([...prefixed(prefix), [`${prefix}bn.num_batches_tracked`, counter]]));
    expect(tensors).toEqual(plain);
    expect(notes).toEqual([`the prefix '${prefix}' of all names is stripped.`]);
  },
);

test('a plain state dict stays as it is; counters go', () => {
  const steps: StoredTensor = { dtype: 'I32', shape: [1], data: Int32Array.of(3) };
  const file = new Map([...prefixed(''), ['bn.num_batches_tracked', counter], ['epoch', steps]]);
  expect(plainState(file)).toEqual({ tensors: plain, notes: [] });
});

test('a prefix that only some names have stays: it is part of the net', () => {
  const file = new Map([...prefixed('model.'), ['head.weight', weights['conv.weight']]]);
  expect(Object.keys(plainState(file).tensors)).toEqual(['model.conv.weight', 'model.bn.running_mean', 'head.weight']);
});

test.each([
  ['', '', 'ema.'],
  ['module.', 'module.', 'ema.'],
  ['state_dict.', 'state_dict.', 'state_dict_ema.'],
])("beside '%s', a second copy of the weights is left out by name", (first, stripped, second) => {
  const { tensors, notes } = plainState(new Map([...prefixed(first), ...prefixed(second)]));
  expect(tensors).toEqual(plain);
  expect(notes).toContain(`the tensors under '${second}' are a second copy of the weights and are left out.`);
  expect(notes).toHaveLength(stripped ? 2 : 1);
});

test('f16, bf16 and f64 become f32', () => {
  const file = new Map<string, StoredTensor>([
    ['half', { dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0xc100) }],
    ['brain', { dtype: 'BF16', shape: [2], data: Uint16Array.of(0x3f80, 0xc020) }],
    ['wide', { dtype: 'F64', shape: [2], data: Float64Array.of(1, -2.5) }],
    ['own', { dtype: 'F32', shape: [2], data: Float32Array.of(1, -2.5) }],
  ]);
  const { tensors, notes } = plainState(file);
  for (const { data } of Object.values(tensors)) expect(data).toEqual(Float32Array.of(1, -2.5));
  expect(notes).toEqual(['f16', 'bf16', 'f64'].map((from) => `1 tensor is converted from ${from} to f32.`));
});

test.each<[string, StoredTensor]>([
  ['F16', { dtype: 'F16', shape: [1], data: Uint16Array.of(0x7c00) }],
  ['BF16', { dtype: 'BF16', shape: [1], data: Uint16Array.of(0x7fc0) }],
  ['F64 beyond f32', { dtype: 'F64', shape: [1], data: Float64Array.of(1e300) }],
  ['F32', { dtype: 'F32', shape: [1], data: Float32Array.of(Number.NaN) }],
])('%s that is not finite is refused by name', (_, tensor) => {
  expect(() => plainState(new Map([['module.w', tensor]]))).toThrow("Tensor 'module.w' has values that are not finite");
});
