import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/data/safetensors.ts';
import type { NamedTensors } from '../../src/interop/state.ts';
import { UserError } from '../../src/runtime/errors.ts';
import { presets, type YYNetConfig } from '../../src/yinyang/config.ts';
import { configOf, importState } from '../../src/yinyang/import.ts';
import { keysOf, type Naming } from '../../src/yinyang/naming.ts';
import { learntState, narrow, nets } from '../interop/net.ts';

const notebook: YYNetConfig = { ...narrow, fusion: 'a*i', activation: 'silu' };
const script: YYNetConfig = {
  ...presets['yynet-imagenet'],
  ...{ channels: 4, bodyChannels: 10, hidden: 6, classes: 12, branchLayers: 2, bodyLayers: 3 },
  ...{ fusion: 'a*(1-i)+a-i', yin: 'first', bn0: false },
};

/** A state under another naming, with the counters that PyTorch keeps. */
function renamed(naming: Naming, config: YYNetConfig): NamedTensors {
  const keyOf = keysOf(naming, config);
  const entries = Object.entries(learntState(config)).map(([name, tensor]) => [keyOf(name), tensor] as const);
  const counters = entries
    .filter(([key]) => key.endsWith('.running_var'))
    .map(([key]) => [key.replace('running_var', 'num_batches_tracked'), { shape: [], data: new BigInt64Array(1) }]);
  return Object.fromEntries([...entries, ...counters]);
}

const calledByAuthors = [
  ['yin.0.conv1', 'yingyang.ying.0.0.conv.0', 'yingyang.ying.0.0.conv1'],
  ['yin.0.bn1', 'yingyang.ying.0.0.conv.1', 'yingyang.ying.0.0.bn1'],
  ['yin.0.conv2', 'yingyang.ying.0.0.conv.3', 'yingyang.ying.0.0.conv2'],
  ['yin.0.bn2', 'yingyang.ying.0.0.conv.4', 'yingyang.ying.0.0.bn2'],
  ['yin.0.shortcut', 'yingyang.ying.0.0.conv2', 'yingyang.ying.0.0.conv3'],
  ['yang.1.bn0', 'yingyang.yang.0.1.conv.0', 'yingyang.yang.0.1.bn'],
  ['yang.1.expand', 'yingyang.yang.0.1.conv.1', 'yingyang.yang.0.1.expand_conv.0'],
  ['yang.1.bn1', 'yingyang.yang.0.1.conv.2', 'yingyang.yang.0.1.expand_conv.1'],
  ['yang.1.depthwise', 'yingyang.yang.0.1.conv.4', 'yingyang.yang.0.1.dw_conv.0'],
  ['yang.1.bn2', 'yingyang.yang.0.1.conv.5', 'yingyang.yang.0.1.dw_conv.1'],
  ['yang.1.se.reduce', 'yingyang.yang.0.1.conv.8.gate.1', 'yingyang.yang.0.1.se.gate.1'],
  ['yang.1.se.expand', 'yingyang.yang.0.1.conv.8.gate.3', 'yingyang.yang.0.1.se.gate.3'],
  ['yang.1.project', 'yingyang.yang.0.1.conv.9', 'yingyang.yang.0.1.out_conv.0'],
  ['yang.1.bn3', 'yingyang.yang.0.1.conv.10', 'yingyang.yang.0.1.out_conv.1'],
  ['yang.1.shortcut', 'yingyang.yang.0.1.proj.1', 'yingyang.yang.0.1.proj.1'],
  ['yin.3.shortcut', 'yingyang.ying.0.3.proj.1', 'yingyang.ying.0.3.proj.1'],
  ['body.2.expand', 'reduction.0.2.conv.1', 'reduction.0.2.expand_conv.0'],
  ['fc1', 'head.2', 'head.2'],
  ['fc2', 'cls', 'head.5'],
];

test.each(calledByAuthors)('%s is called %s in the notebook, %s in the script', (ours, inNotebook, inScript) => {
  expect(keysOf('cifar-notebook', notebook)(`${ours}.bias`)).toBe(`${inNotebook}.bias`);
  expect(keysOf('imagenet-script', script)(`${ours}.bias`)).toBe(`${inScript}.bias`);
});

test('in the script there are more layers, and shortcuts without a pool', () => {
  const keyOf = keysOf('imagenet-script', script);
  expect(keyOf('yang.6.shortcut.bias')).toBe('yingyang.yang.1.2.proj.bias');
  expect(keyOf('body.7.bn3.running_mean')).toBe('reduction.2.1.out_conv.1.running_mean');
});

test.each([
  ['yynet', narrow],
  ['cifar-notebook', notebook],
  ['imagenet-script', script],
] as const)('%s: state and config are found again', (naming, config) => {
  const imported = importState(renamed(naming, config));
  expect(imported).toEqual({ state: learntState(config), config, naming });
});

test.each(Object.entries(nets))('%s: shapes tell the config, apart from what they cannot', (_, config) => {
  const { fusion, yin, activation, gate, bn0, inputSize } = config;
  expect(configOf(learntState(config), { fusion, yin, activation, gate, bn0, inputSize })).toEqual(config);
});

test("a safetensors file of the notebook's names is imported", () => {
  const tensors = Object.entries(renamed('cifar-notebook', notebook)).map(([name, { shape, data }]) => {
    const dtype = data instanceof Float32Array ? 'F32' : 'I64';
    return [name, { dtype, shape, data } as StoredTensor] as const;
  });
  const file = decodeSafetensors(encodeSafetensors(new Map(tensors)));
  expect(importState(Object.fromEntries(file.tensors)).state).toEqual(learntState(notebook));
});

const ours = learntState(narrow);
const theirs = renamed('cifar-notebook', notebook);
const { 'yingyang.yang.0.2.conv.4.weight': _depthwise, ...lacking } = theirs;
const { 'fc1.weight': _fc1, ...headless } = ours;
const wrong: [string, NamedTensors, string][] = [
  ['missing', lacking, "Tensor 'yingyang.yang.0.2.conv.4.weight' is missing, expected [16,1,3,3]."],
  [
    'missing for the config',
    headless,
    "Tensor 'fc1.weight' is missing, expected its shape to determine the net's widths.",
  ],
  [
    'without axes',
    { ...ours, 'fc2.weight': ours['fc2.bias'], 'fc1.weight': { shape: [], data: [] } },
    "Tensor 'fc1.weight' has shape [], expected a width at axis 0.",
  ],
  [
    'of another shape',
    { ...theirs, 'cls.bias': { shape: [4], data: new Float32Array(4) } },
    "Tensor 'cls.bias' has shape [4], expected [3].",
  ],
  [
    'of another type',
    { ...ours, 'fc2.bias': { shape: [3], data: new Uint16Array(3) } },
    "Tensor 'fc2.bias' must be float32.",
  ],
  ['unknown', { ...ours, 'fc3.bias': ours['fc2.bias'] }, "Tensor 'fc3.bias' is not one of this net's."],
  [
    'all unknown',
    { 'fc.weight': ours['fc2.bias'] },
    "Not a state dict of YYNet: expected 'yin.0.conv1.weight' or a name of the authors' programs, got tensors such as 'fc.weight'.",
  ],
  [
    'none',
    {},
    "Not a state dict of YYNet: expected 'yin.0.conv1.weight' or a name of the authors' programs, got no tensors.",
  ],
];

test.each(wrong)('tensors that are %s are named', (_, tensors, message) => {
  expect(() => importState(tensors)).toThrow(new UserError(message));
});
