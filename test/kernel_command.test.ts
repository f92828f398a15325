import { expect, test } from 'vitest';
import { expandKernel, readKernel } from '../scripts/kernel-source.ts';
import { opChecks } from '../src/cli/self_test_ops.ts';
import { specialize } from '../src/runtime/codegen.ts';
import { runSource } from './support/cli.ts';
import { testDevice } from './support/device.ts';

const run = (...args: string[]) => runSource('scripts/kernel.ts', args, { VK_ICD_FILENAMES: '/no/such/driver.json' });

const softmax = 'kernels/softmax/forward.wgsl';

test('every kernel of an op is read and expanded as its launch compiles it, and none of its constants is missed', async () => {
  const device = await testDevice();
  const kernels = new Set<string>();
  for (const check of opChecks) {
    const { recording } = await check.prepare(device);
    for (const { kernel, constants } of recording.commands) {
      const source = await readKernel(kernel.path);
      const { code } = specialize(source, constants, device.capabilities.sizesAsData);
      expect(code.replace(/\s/g, '')).toBe(kernel.code.replace(/\s/g, ''));
      expect(expandKernel(source, constants)).toContain('@compute');
      kernels.add(kernel.path);
    }
    recording.dispose();
  }
  expect(kernels.size).toBeGreaterThan(40);
});

test('prints a kernel for given constants, without an adapter', async () => {
  const { code, stdout, stderr } = await run(
    softmax,
    ...['N=2', 'K=10', 'GROUPS_X=2', 'HALF=false'],
    'DTYPE=f32',
    'WORKGROUP_SIZE=64',
    'SUMS=1',
  );
  expect([stderr, code]).toEqual(['', 0]);
  expect(stdout).toContain('const WORKGROUP_SIZE = 64;');
  expect(stdout).toContain('const sizes = Sizes(10u);');
  expect(stdout).toContain('var<storage, read> x: array<f32>;');
  expect(stdout).not.toMatch(/^ *#/m);
});

test.each([
  [
    [softmax, 'N=2', 'HALF=true'],
    2,
    `kernel: ${softmax} needs K, GROUPS_X, DTYPE, WORKGROUP_SIZE, SUMS: give each as NAME=VALUE.`,
  ],
  [['kernels/none.wgsl'], 2, 'kernel: kernels/none.wgsl cannot be read: '],
  [['--launch', 'none', '2x3'], 2, "kernel: There is no op 'none'; expected one of activation, add, "],
  [['--launch', 'depthwise', '2x3x4x5', 'C=3'], 2, "kernel: depthwise has no 'C'; expected one of K, stride."],
] as const)('kernel %s', async (args, exit, message) => {
  const { code, stderr } = await run(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(exit);
});

test('--launch prints the kernels of an op with the constants that they get', async () => {
  const launch = (...args: string[]) => runSource('scripts/kernel.ts', ['--launch', ...args]);
  const { code, stdout } = await launch('depthwise', '2x16x32x32', 'K=5', 'stride=2');
  expect(code).toBe(0);
  const commands = stdout.split('\n').filter((line) => line.startsWith('// kernels/'));
  expect(commands.map((line) => line.split(' ')[1])).toEqual([
    'kernels/depthwise/multiply.wgsl',
    'kernels/depthwise/backward_input_strided.wgsl',
    'kernels/depthwise/backward_weight.wgsl',
  ]);
  for (const line of commands) expect(line).toMatch(/ KERNEL=5 STRIDE=2 HEIGHT_IN=32 .* C=16\b/);
  expect(stdout.match(/@compute/g)).toHaveLength(3);
  const wrong = await launch('depthwise', '2x16x32');
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('kernel: depthwise: the first input must be [N,C,H,W], got [2,16,32].'),
  ]);
});
