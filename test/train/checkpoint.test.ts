import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/data/safetensors.ts';
import { Parameter } from '../../src/nn/module.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { paperRecipe } from '../../src/train/recipe.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';

const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8, classes: 2 };

function checkpoint(): Checkpoint {
  const random = new Random(1);
  const named = [...new YYNet(config).named()];
  const numbers = (only: typeof named) =>
    Object.fromEntries(
      only.map(([name, { shape }]) => [
        name,
        { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()) },
      ]),
    );
  const parameters = named.filter(([, variable]) => variable instanceof Parameter);
  return {
    ...{ config, recipe: paperRecipe, seed: 2 ** 40, classNames: ['a', 'ß "quoted"'], fingerprint: '0123456789abcdef' },
    state: numbers(named),
    training: {
      position: { epoch: 3, batch: 7, step: 1571, order: [0, 1, 2 ** 32 - 1, 3], best: 0.51 },
      weights: numbers(parameters),
      optimizer: { steps: 1571, moments: [0, 1, 2].map(() => numbers(parameters)), guard: Float32Array.of(1, 1571, 0) },
      totals: Float32Array.of(3.5, 12),
    },
  };
}

test('a checkpoint comes back as it was, with and without its training', () => {
  const whole = checkpoint();
  expect(decodeCheckpoint(encodeCheckpoint(whole))).toEqual(whole);
  const { training, ...rest } = whole;
  expect(decodeCheckpoint(encodeCheckpoint(rest))).toEqual(rest);
});

test('its bytes do not hang on the order of keys', () => {
  const whole = checkpoint();
  const turned = <T extends object>(object: T) => Object.fromEntries(Object.entries(object).reverse()) as T;
  const other = turned({
    ...whole,
    config: turned(whole.config),
    recipe: turned(whole.recipe),
    state: turned(whole.state),
  });
  expect(encodeCheckpoint(other)).toEqual(encodeCheckpoint(whole));
});

/** A checkpoint's bytes after a change of what the file holds. */
function tampered(change: (file: ReturnType<typeof decodeSafetensors>) => void): Uint8Array {
  const file = decodeSafetensors(encodeCheckpoint(checkpoint()));
  change(file);
  return encodeSafetensors(file.tensors, file.metadata);
}

const setField = (key: string, path: string, value: unknown) =>
  tampered(({ metadata }) => metadata.set(key, JSON.stringify({ ...JSON.parse(metadata.get(key)!), [path]: value })));

const WEIGHT = 'yin.0.conv1.weight';

test.each<[string, () => Uint8Array, RegExp]>([
  ['nothing', () => new Uint8Array(), /0 bytes/],
  ['no checkpoint', () => encodeSafetensors(new Map()), /no checkpoint of ours.*yy-import/],
  ['a truncated file', () => encodeCheckpoint(checkpoint()).subarray(0, 10_000), /Truncated|outside/],
  ['metadata that is not JSON', () => tampered(({ metadata }) => metadata.set('config', '{')), /'config' is not JSON/],
  ['an unknown field', () => tampered(({ metadata }) => metadata.set('colour', '1')), /'colour' .*wrong/],
  ['a missing field', () => tampered(({ metadata }) => metadata.delete('seed')), /'seed' .*wrong/],
  ['a net of a million layers', () => setField('config', 'bodyLayers', 1e6), /'config\.bodyLayers' .*wrong/],
  ['a net of no kind', () => setField('config', 'fusion', 'a/i'), /'config\.fusion' .*wrong/],
  ['a recipe without sense', () => setField('recipe', 'std', [1, 0, 1]), /'recipe\.std/],
  ['a position that is not one', () => setField('position', 'order', [1, 2]), /'position\.order/],
  ['means for other channels', () => setField('recipe', 'mean', [0.5]), /1 means.*needs 3/],
  [
    'too few class names',
    () => tampered(({ metadata }) => metadata.set('classNames', '["a"]')),
    /1 class names.*needs 2/,
  ],
  ['a missing weight', () => tampered(({ tensors }) => tensors.delete(WEIGHT)), /'yin\.0\.conv1\.weight' is missing/],
  [
    'a missing moment',
    () => tampered(({ tensors }) => tensors.delete(`training.moment.2.${WEIGHT}`)),
    /moment\.2.*missing/,
  ],
  [
    'a weight of another shape',
    () => tampered(({ tensors }) => tensors.set(WEIGHT, { dtype: 'F32', shape: [1], data: new Float32Array(1) })),
    /shape \[1\], expected \[4,1,3,3\]/,
  ],
  [
    'a weight of another type',
    () =>
      tampered(({ tensors }) => tensors.set(WEIGHT, { dtype: 'I32', shape: [4, 1, 3, 3], data: new Int32Array(36) })),
    /not of float32/,
  ],
  [
    'a tensor too many',
    () => tampered(({ tensors }) => tensors.set('more', { dtype: 'F32', shape: [1], data: new Float32Array(1) })),
    /'more' is none/,
  ],
])('%s is one clear sentence', (_, bytes, message) => {
  const decode = () => decodeCheckpoint(bytes());
  expect(decode).toThrow(UserError);
  expect(decode).toThrow(message);
});
