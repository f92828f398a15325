import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { copy } from '../../kernels/elementwise/launch.ts';
import { type Check, selfTest } from '../../src/cli/self_test.ts';
import { ShaderError } from '../../src/runtime/errors.ts';
import { runCli } from '../support/cli.ts';
import { testDevice } from '../support/device.ts';
import { allKernels } from '../support/kernels.ts';

test('lists the adapters and holds every kernel of the chosen one to be right', { timeout: 300_000 }, async () => {
  const { code, stdout } = await runCli('doctor', ['--json']);
  const report = JSON.parse(stdout);
  expect(report.self_test.checks.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
  expect([code, report.ok]).toEqual([0, true]);
  expect(report.yynet).toBe(JSON.parse(await readFile('package.json', 'utf8')).version);
  expect(report.adapters.filter(({ chosen }: { chosen: boolean }) => chosen)).toHaveLength(1);
  for (const { limits, features } of report.adapters) {
    expect(limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(2 ** 27);
    expect(features).toBeInstanceOf(Array);
  }
  expect(report.self_test.kernels.map(({ kernel }: { kernel: string }) => kernel)).toEqual(
    (await allKernels()).filter((kernel) => !kernel.startsWith('kernels/roofline/')),
  );
});

test('without an adapter, says so and exits with 1', async () => {
  const { code, stdout } = await runCli('doctor', [], { VK_ICD_FILENAMES: '/no/such/driver.json' });
  expect(code).toBe(1);
  expect(stdout).toMatch(/0 WebGPU adapters\n\nNo WebGPU adapter was found with .*\/no\/such\/driver\.json/);
});

test('a check that fails is said of its kernels, one that does not compile of itself', async () => {
  const device = await testDevice();
  const copying = (name: string, error: number): Check => ({
    name,
    tolerance: 0.1,
    async prepare() {
      const source = device.upload(new Float32Array(4), [4]);
      const recording = await device.record(() => copy(device, { source, copy: device.tensor([4]) }));
      return { recording, error: async () => error };
    },
  });
  const uncompiled: Check = {
    name: 'uncompiled',
    tolerance: 0,
    prepare: () => Promise.reject(new ShaderError('kernels/a.wgsl:3: no')),
  };
  const { checks, kernels } = await selfTest(device, [
    copying('right', 0.01),
    copying('wrong', 0.2),
    copying('not a number', Number.NaN),
    uncompiled,
  ]);
  expect(checks).toEqual([
    { check: 'right', ok: true, error: 0.01 },
    { check: 'wrong', ok: false, error: 0.2 },
    { check: 'not a number', ok: false, error: Number.NaN },
    { check: 'uncompiled', ok: false, error: null, problem: 'kernels/a.wgsl:3: no' },
  ]);
  expect(kernels).toMatchObject([{ kernel: 'kernels/elementwise/copy.wgsl', ok: false, runs: 3 }]);
});
