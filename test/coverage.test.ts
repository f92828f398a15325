import { expect, test } from 'vitest';
import * as roofline from '../kernels/roofline/launch.ts';
import { netChecks } from '../src/cli/self_test_net.ts';
import { opChecks } from '../src/cli/self_test_ops.ts';
import { trainingChecks } from '../src/cli/self_test_training.ts';
import { testDevice } from './support/device.ts';
import { allKernels } from './support/kernels.ts';

test('every kernel that launch code imports belongs to a check of the doctor, or measures the roofline', async () => {
  const device = await testDevice();
  const reached = new Set<string>();
  const add = ({ commands }: Awaited<ReturnType<typeof device.record>>) => {
    for (const { kernel } of commands) reached.add(kernel.path);
  };
  for (const check of [...opChecks, ...trainingChecks, ...netChecks(device)]) {
    const { recording } = await check.prepare(device);
    add(recording);
    recording.dispose();
  }
  const recording = await device.record(() => {
    roofline.copy(device, {
      source: device.tensor([roofline.COPY_ELEMENTS]),
      copy: device.tensor([roofline.COPY_ELEMENTS]),
    });
    roofline.multiplyAdd(device, { factors: device.tensor([2]), sums: device.tensor([64]) });
  });
  add(recording);
  recording.dispose();
  const kernels = await allKernels();
  expect(kernels.length).toBeGreaterThan(50);
  expect([...reached].sort()).toEqual(kernels);
});
