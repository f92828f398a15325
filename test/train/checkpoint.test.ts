import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/data/safetensors.ts';
import { Parameter } from '../../src/nn/module.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.ts';
import { paperRecipe } from '../../src/train/recipe.ts';
import { yynet } from '../../src/yinyang/architecture.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';

const config = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8, classes: 2 };

function checkpoint(): Checkpoint {
  const random = new Random(1);
  const named = [...new YYNet(config).named()];
  const numbers = (only: typeof named, isSquare = (name: string) => name.endsWith('running_var')) =>
    Object.fromEntries(
      only.map(([name, { shape }]) => {
        const next = () => (isSquare(name) ? random.normal() ** 2 : random.normal());
        return [name, { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next) }];
      }),
    );
  const parameters = named.filter(([, variable]) => variable instanceof Parameter);
  return {
    ...{
      architecture: yynet,
      config,
      recipe: paperRecipe,
      seed: 2 ** 40,
      classNames: ['a', 'ß "quoted"'],
      fingerprint: '0123456789abcdef',
    },
    state: numbers(named),
    training: {
      position: { epoch: 3, batch: 7, step: 1571, order: [0, 1, 2 ** 32 - 1, 3], best: 0.51, bestEpoch: 2 },
      weights: numbers(parameters),
      optimizer: {
        steps: 1571,
        moments: [0, 1, 2].map((i) => numbers(parameters, () => i > 0)),
        guard: Float32Array.of(1, 1571, 0),
      },
      totals: Float32Array.of(3.5, 12),
    },
  };
}

const SPACE = {
  weight: { shape: [2, 2], data: Float32Array.of(1, 0, 0.5, 2) },
  bias: { shape: [2], data: Float32Array.of(3, 4) },
  threshold: 5,
};

test('a checkpoint comes back as it was, with and without its training', () => {
  const whole = checkpoint();
  expect(decodeCheckpoint(encodeCheckpoint(whole), [yynet])).toEqual(whole);
  const { training, ...rest } = whole;
  expect(decodeCheckpoint(encodeCheckpoint(rest), [yynet])).toEqual(rest);
  for (const calibration of [{ temperature: 1.25 }, { temperature: 1.25, space: SPACE }]) {
    const calibrated = { ...whole, calibration };
    expect(decodeCheckpoint(encodeCheckpoint(calibrated), [yynet])).toEqual(calibrated);
  }
});

test('a checkpoint that names no architecture has the first', () => {
  const { tensors, metadata } = decodeSafetensors(encodeCheckpoint(checkpoint()));
  metadata.delete('architecture');
  expect(decodeCheckpoint(encodeSafetensors(tensors, metadata), [yynet])).toEqual(checkpoint());
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

type Change = (file: ReturnType<typeof decodeSafetensors>) => void;

/** A checkpoint's bytes after a change of what the file holds. */
function tampered(change: Change, whole = checkpoint()): Uint8Array {
  const file = decodeSafetensors(encodeCheckpoint(whole));
  change(file);
  return encodeSafetensors(file.tensors, file.metadata);
}

const withSpace = (change: Change) =>
  tampered(change, { ...checkpoint(), calibration: { temperature: 1, space: SPACE } });

const setField = (key: string, path: string, value: unknown) =>
  tampered(({ metadata }) => metadata.set(key, JSON.stringify({ ...JSON.parse(metadata.get(key)!), [path]: value })));

const WEIGHT = 'yin.0.conv1.weight';

/** Sets one number of a tensor. */
const setNumber = (name: string, value: number) =>
  tampered(({ tensors }) => {
    tensors.get(name)!.data[0] = value;
  });

const LONG = 'x'.repeat(100_000);

test.each<[string, () => Uint8Array, RegExp]>([
  ['nothing', () => new Uint8Array(), /0 bytes/],
  ['no checkpoint', () => encodeSafetensors(new Map()), /Not a yynet checkpoint.*yy-import/],
  ['a truncated file', () => encodeCheckpoint(checkpoint()).subarray(0, 10_000), /Truncated|outside/],
  ['metadata that is not JSON', () => tampered(({ metadata }) => metadata.set('config', '{')), /'config' is not JSON/],
  ['an unknown field', () => tampered(({ metadata }) => metadata.set('colour', '1')), /'colour' .*wrong/],
  [
    'an unknown architecture',
    () => tampered(({ metadata }) => metadata.set('architecture', '"other"')),
    /'other', expected one of yynet/,
  ],
  ['a missing field', () => tampered(({ metadata }) => metadata.delete('seed')), /'seed' .*wrong/],
  ['a net of a million layers', () => setField('config', 'bodyLayers', 1e6), /'config\.bodyLayers' .*wrong/],
  ['a net of no kind', () => setField('config', 'fusion', 'a/i'), /'config\.fusion' .*wrong/],
  ['a recipe without sense', () => setField('recipe', 'std', [1, 0, 1]), /'recipe\.std/],
  ['a position that is not one', () => setField('position', 'order', [1, 2]), /'position\.order/],
  [
    'a temperature of nothing',
    () => tampered(({ metadata }) => metadata.set('calibration', '{"temperature":0}')),
    /'calibration\.temperature' .*wrong/,
  ],
  [
    'a threshold without a feature space',
    () => tampered(({ metadata }) => metadata.set('calibration', '{"temperature":1,"threshold":2}')),
    /'calibration\.weight' is missing/,
  ],
  [
    'a feature space without a threshold',
    () => withSpace(({ metadata }) => metadata.set('calibration', '{"temperature":1}')),
    /'calibration\.\w+' is not one/,
  ],
  [
    'a feature space of unequal sides',
    () =>
      withSpace(({ tensors }) =>
        tensors.set('calibration.weight', { dtype: 'F32', shape: [1, 4], data: new Float32Array(4) }),
      ),
    /'calibration\.weight' has shape \[1,4\], expected \[2,2\]/,
  ],
  [
    'a feature space of NaN',
    () =>
      withSpace(({ tensors }) => {
        tensors.get('calibration.bias')!.data[0] = Number.NaN;
      }),
    /'calibration\.bias' .*not finite/,
  ],
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
    /must be float32/,
  ],
  [
    'a tensor too many',
    () => tampered(({ tensors }) => tensors.set('more', { dtype: 'F32', shape: [1], data: new Float32Array(1) })),
    /'more' is not one/,
  ],
  ...[WEIGHT, `training.weights.${WEIGHT}`, `training.moment.0.${WEIGHT}`, 'training.guard', 'training.totals'].flatMap(
    (name) =>
      [Number.NaN, Number.NEGATIVE_INFINITY].map(
        (value) =>
          [`${name} of ${value}`, () => setNumber(name, value), new RegExp(`'${name}' .* not finite`)] as [
            string,
            () => Uint8Array,
            RegExp,
          ],
      ),
  ),
  ...['yin.0.bn1.running_var', `training.moment.1.${WEIGHT}`, 'training.guard', 'training.totals'].map(
    (name) =>
      [`a negative ${name}`, () => setNumber(name, -1), new RegExp(`'${name}' .* below 0`)] as [
        string,
        () => Uint8Array,
        RegExp,
      ],
  ),
  [
    'a step that is not that of the position',
    () => setField('position', 'step', 1570),
    /step 1570 is not batch 7 of epoch 3/,
  ],
  ['epoch 0', () => setField('position', 'epoch', 0), /position is impossible/],
  ['more batches than an epoch has', () => setField('position', 'batch', 1571), /position is impossible/],
  ['an epoch past the last one', () => setField('position', 'epoch', 1573), /position is impossible/],
  ['an accuracy above 1', () => setField('position', 'best', 1.5), /'position\.best' .*wrong/],
  ['a long architecture', () => tampered(({ metadata }) => metadata.set('architecture', `"${LONG}"`)), /'x{80}…'/],
  ['a long key', () => tampered(({ metadata }) => metadata.set(LONG, '1')), /'x{80}…'/],
  ['a long value', () => setField('recipe', 'optimizer', LONG), /received "x{79}…/],
  [
    'a long name',
    () => tampered(({ tensors }) => tensors.set(LONG, { dtype: 'F32', shape: [1], data: new Float32Array(1) })),
    /'x{80}…'/,
  ],
])('%s is one clear sentence', (_, bytes, message) => {
  const decode = () => decodeCheckpoint(bytes(), [yynet]);
  expect(decode).toThrow(UserError);
  expect(decode).toThrow(message);
  expect(String(catchError(decode)).length).toBeLessThan(500);
});

const catchError = (f: () => unknown) => {
  try {
    return f();
  } catch (error) {
    return error;
  }
};

test('a checkpoint with a number that is not finite is not encoded', () => {
  const whole = checkpoint();
  whole.training!.weights[WEIGHT].data[3] = Number.POSITIVE_INFINITY;
  expect(() => encodeCheckpoint(whole)).toThrow(/'yin\.0\.conv1\.weight' .*not finite/);
  whole.state[WEIGHT].data[3] = Number.NaN;
  expect(() => encodeCheckpoint({ ...whole, training: undefined })).toThrow(UserError);
});
