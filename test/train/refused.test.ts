import { expect, test } from 'vitest';
import { Random } from '../../src/data/random.ts';
import { shapes } from '../../src/data/shapes.ts';
import { LoadedNet } from '../../src/inference/loaded_net.ts';
import { ParameterSet } from '../../src/nn/parameters.ts';
import { MemoryError } from '../../src/runtime/errors.ts';
import { Evaluation } from '../../src/train/evaluation.ts';
import { small } from '../support/checkpoint.ts';
import { testDevice } from '../support/device.ts';

const { validation } = shapes({ train: 10, validation: 10 });

test('an evaluation and a loaded net whose forward pass is refused, or whose state does not fit, leave memory as it was', async () => {
  const device = await testDevice();
  const { module } = small.architecture.create(small.config);
  using _ = new ParameterSet(device, module, new Random(1));
  const before = device.memory.inUse;
  const forward = () => {
    device.tensor([2 ** 40]);
    return device.tensor([4, small.config.classes]);
  };
  const evaluation = Evaluation.record(device, Object.assign(module, { forward }), validation, 4, small.recipe);
  await expect(evaluation).rejects.toThrow(MemoryError);
  expect(device.memory.inUse).toBe(before);
  await expect(LoadedNet.create(device, small, 4, forward)).rejects.toThrow(MemoryError);
  expect(device.memory.inUse).toBe(before);
  const stateless = LoadedNet.create(device, { ...small, state: {} }, 4, (net, pass, images) =>
    net.forward(pass, images),
  );
  await expect(stateless).rejects.toThrow();
  expect(device.memory.inUse).toBe(before);
});
