import { expect, test } from 'vitest';
import { registry } from '../../src/autograd/registry.ts';
import { fittingOf, placeholder } from '../support/rows.ts';

// registry.test.ts changes one extent, data type or attribute of every op at a time. Here is what takes several changes or
// values of an op's own, with the messages in full.

const { mbconv, residual } = registry;
const running = (...channels: number[]) =>
  channels.map((c) => ({ mean: placeholder([c]), variance: placeholder([c]) }));

test.each<[string, object, object, string | RegExp]>([
  ['a gamma of 2 for 5 channels', { gamma3: placeholder([2]) }, {}, 'gamma3 must be f32 [5], got f32 [2]'],
  ['a gamma in f16', { gamma3: placeholder([5], 'f16') }, {}, 'gamma3 must be f32 [5], got f16 [5]'],
  ['a missing bias', { expandBias: undefined }, {}, 'expandBias must be f32 [12], got none'],
  ['no shortcut though it widens', { shortcut: undefined }, {}, 'shortcut must be f32 [5,4,1,1], got none'],
  ['too few running statistics', {}, { running: running(4) }, 'running must have 4 elements, got 1'],
  [
    'running statistics in several storages',
    ...([{}, { running: running(4, 12, 12, 5) }] as const),
    'running[0].variance must lie behind its mean in one storage, got another place',
  ],
  ['another stride', {}, { stride: 3 }, 'stride must be 1 or 2, got 3'],
  ['eps 0', {}, { eps: 0 }, 'eps must be greater than 0, got 0'],
  ['momentum 2', {}, { momentum: 2 }, 'momentum must be from 0 to 1, got 2'],
  ['another activation', {}, { activation: 'tanh' }, /activation must be one of none, gelu, .*, got tanh/],
  ['another gate', {}, { se: { activation: 'gelu', gate: 'none' } }, /gate must be one of gelu, .*, got none/],
  [
    'one value a channel',
    { x: placeholder([1, 4, 2, 2]) },
    {},
    'more than one value a channel in training, got [1,5,1,1]',
  ],
  ['a gate without activations', {}, { se: undefined }, 'se must be given, got undefined'],
  [
    'a depthwise kernel of 7',
    { depthwise: placeholder([12, 1, 7, 7]) },
    {},
    'the depthwise kernel must be 3×3 or 5×5, got 7×7',
  ],
  ['bn0 without an expansion', { expand: undefined }, {}, 'expand must be f32 [E,4,1,1], got none'],
  ['half of bn0', { beta0: undefined }, {}, 'beta0 must be f32 [4], got none'],
  ['a shortcut that is not added', {}, { skip: false }, 'skip must be true with a shortcut, got false'],
])('mbconv refuses %s', (_, inputs, attrs, message) => {
  const fitting = fittingOf(mbconv, mbconv.cases[0]);
  const run = () => mbconv.op.shape({ ...fitting.inputs, ...inputs }, { ...fitting.attrs, ...attrs });
  expect(run).toThrow(/^mbconv: /);
  expect(run).toThrow(message);
});

test('mbconv refuses a shortcut bias without a shortcut', () => {
  const { inputs, attrs } = fittingOf(mbconv, mbconv.cases[1]);
  const run = () => mbconv.op.shape({ ...inputs, shortcutBias: placeholder([4]) }, attrs);
  expect(run).toThrow('mbconv: shortcutBias must come with shortcut, got it alone');
});

test('residual refuses too many running statistics', () => {
  const { inputs, attrs } = fittingOf(residual, residual.cases[0]);
  const run = () => residual.op.shape(inputs, { ...attrs, running: running(5, 5, 5) });
  expect(run).toThrow('residual: running must have 2 elements, got 3');
});
