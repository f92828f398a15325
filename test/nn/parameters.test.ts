import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { BatchNorm2d, Linear } from '../../src/nn/layers.ts';
import { Sequential } from '../../src/nn/module.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { testDevice } from '../support/device.ts';

const device = await testDevice();
const begin = () => {
  const [linear, norm] = [new Linear(3, 2), new BatchNorm2d(2)];
  return { linear, norm, parameters: new ParameterSet(device, new Sequential(linear, norm), new Random(1)) };
};

test('one parameter cannot be released: its memory is that of the whole set', async () => {
  const { linear, norm, parameters } = begin();
  const state = await parameters.stateDict();
  const { inUse } = device.memory;
  for (const { tensor } of [linear.weight, linear.bias, norm.running_mean, norm.running_var]) {
    expect(() => device.release(tensor)).toThrow('release(): a view');
  }
  expect(device.memory.inUse).toBe(inUse);
  // Other tensors do not get the memory.
  device.upload(new Float32Array(parameters.values.shape[0]).fill(7), parameters.values.shape);
  expect(await parameters.stateDict()).toEqual(state);
});

test('a set that was disposed of holds no memory and says so when it is used', () => {
  const { inUse } = device.memory;
  const { parameters } = begin();
  const state = { '0.bias': { shape: [2], data: new Float32Array(2) } };
  expect(device.memory.inUse).toBeGreaterThan(inUse);
  parameters.dispose();
  parameters.dispose();
  expect(device.memory.inUse).toBe(inUse);
  expect(() => device.write(parameters.values, new Float32Array(parameters.values.shape[0]))).toThrow('was released');
  expect(() => parameters.writeFlat(parameters.values, state)).toThrow();
});

test('withValues puts other values in the place of the parameters, and takes them away whatever happens', async () => {
  const { linear, parameters } = begin();
  const ones = parameters.zeros();
  device.write(ones, new Float32Array(ones.shape[0]).fill(1));
  const read = () => device.read(linear.weight.tensor);
  const before = await read();
  expect(await parameters.withValues(ones, read)).toEqual(new Float32Array(6).fill(1));
  expect(await read()).toEqual(before);
  const failing = () => {
    throw new Error('failed inside');
  };
  expect(() => parameters.withValues(ones, failing)).toThrow('failed inside');
  expect(await read()).toEqual(before);
  expect((await parameters.stateDict(ones))['0.weight'].data).toEqual(new Float32Array(6).fill(1));
});

test('a state dict must have the arrays of the net, in their shapes, and no others', async () => {
  const { parameters } = begin();
  const state = await parameters.stateDict();
  const { '1.running_var': _, ...missing } = state;
  const wrong = { ...state, '0.weight': { shape: [3, 2], data: new Float32Array(6) } };
  expect(() => parameters.loadStateDict(missing)).toThrow("loadStateDict(): '1.running_var' must be [2], got none");
  expect(() => parameters.loadStateDict(wrong)).toThrow("loadStateDict(): '0.weight' must be [2,3], got [3,2]");
  expect(() => parameters.loadStateDict({ ...state, extra: state['0.bias'] })).toThrow("the model has no 'extra'");
  expect(() => parameters.writeFlat(parameters.values, state)).toThrow(
    "writeFlat(): the model has no '1.running_mean'",
  );
});
