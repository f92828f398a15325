import { expect, test } from 'vitest';
import { merge } from '../../kernels/reduce/launch.ts';
import type { Inputs, Op } from '../../src/autograd/op.ts';
import { batchNorm } from '../../src/autograd/ops/batch_norm.ts';
import { conv3x3 } from '../../src/autograd/ops/conv3x3.ts';
import { depthwise } from '../../src/autograd/ops/depthwise.ts';
import { pointwise } from '../../src/autograd/ops/pointwise.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { DispatchCommand } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Shape } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { uploadRunning } from '../support/running.ts';

const F32 = 4;

interface Declared {
  readonly kernel: string;
  readonly flops: number;
  readonly bytes: number;
}

const declared = ({ kernel, flops, bytes }: DispatchCommand): Declared => ({
  kernel: kernel.path.replace(/^kernels\/|\.wgsl$/g, ''),
  flops,
  bytes,
});

/** What an op's dispatches declare, of its forward pass and of its backward pass to all inputs. */
async function costsOf<In extends Inputs, Attrs, Saved>(
  device: Device,
  op: Op<In, Attrs, Saved>,
  shapes: Record<string, Shape>,
  attrs: Attrs,
): Promise<{ forward: Declared[]; backward: Declared[] }> {
  const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, device.tensor(shape)]));
  const run = (tape: Tape) => tape.run(op, inputs as unknown as In, attrs);
  const forward = await device.record(() => run(new Tape(device)));
  const both = await device.record(() => {
    const tape = new Tape(device);
    for (const input of Object.values(inputs)) tape.watch(input);
    const y = run(tape);
    tape.backward(y, device.tensor(y.shape));
  });
  return {
    forward: forward.commands.map(declared),
    backward: both.commands.slice(forward.commands.length).map(declared),
  };
}

/** The dispatches of a convolution, given what the elements of x, weight and y and the multiply-adds come to. */
async function expectConvolution(
  costs: Awaited<ReturnType<typeof costsOf>>,
  { x, weight, y, products }: { x: number; weight: number; y: number; products: number },
): Promise<void> {
  const product = { flops: 2 * products, bytes: F32 * (x + weight + y) };
  expect(costs.forward).toEqual([expect.objectContaining(product)]);
  const [input] = costs.backward.filter(({ kernel }) => !/backward_weight|merge/.test(kernel));
  expect(input).toMatchObject(product);
  // The sum over batch and pixels is computed in some number of partial sums, each the size of the weight, which are then merged;
  // a single one is the gradient already.
  const [partials] = costs.backward.filter(({ kernel }) => kernel.endsWith('backward_weight'));
  const [merged] = costs.backward.filter(({ kernel }) => kernel === 'reduce/merge');
  if (merged) {
    expect(merged.flops % weight).toBe(0);
    expect(merged.bytes).toBe(F32 * (merged.flops + weight));
  }
  expect(partials).toMatchObject({ flops: 2 * products, bytes: F32 * (x + y + (merged?.flops ?? weight)) });
}

test('pointwise 16 → 64', async () => {
  const shapes = { x: [2, 16, 8, 8], weight: [64, 16, 1, 1] };
  const costs = await costsOf(await testDevice(), pointwise, shapes, { stride: 1 });
  await expectConvolution(costs, { x: 2048, weight: 1024, y: 8192, products: 131_072 });
});

test('depthwise', async () => {
  const shapes = { x: [2, 8, 8, 8], weight: [8, 1, 3, 3] };
  const costs = await costsOf(await testDevice(), depthwise, shapes, { stride: 1 });
  await expectConvolution(costs, { x: 1024, weight: 72, y: 1024, products: 9216 });
});

test('depthwise with stride 2', async () => {
  const shapes = { x: [2, 8, 8, 8], weight: [8, 1, 3, 3] };
  const costs = await costsOf(await testDevice(), depthwise, shapes, { stride: 2 });
  await expectConvolution(costs, { x: 1024, weight: 72, y: 256, products: 2304 });
});

test('conv3x3 3 → 16', async () => {
  const shapes = { x: [2, 3, 8, 8], weight: [16, 3, 3, 3] };
  const costs = await costsOf(await testDevice(), conv3x3, shapes, { stride: 1 });
  await expectConvolution(costs, { x: 384, weight: 432, y: 2048, products: 55_296 });
});

test('batch norm', async () => {
  const device = await testDevice();
  const shapes = { x: [2, 8, 8, 8], gamma: [8], beta: [8] };
  const running = uploadRunning(device, new Float32Array(8), new Float32Array(8));
  const attrs = { training: true, running, momentum: 0.1, eps: 1e-5, activation: 'none' } as const;
  const { forward, backward } = await costsOf(device, batchNorm, shapes, attrs);
  const find = (costs: Declared[], name: string) => costs.find(({ kernel }) => kernel === `batch_norm/${name}`)!;
  // Moments are four numbers a channel for each chunk, and room for a norm of four numbers; finalize reads them, γ and β,
  // reads and writes the running statistics, and writes the norms.
  const statistics = find(forward, 'statistics');
  const moments = statistics.bytes / F32 - 1024;
  expect(statistics.flops).toBe(4 * 1024);
  expect(moments).toBeGreaterThanOrEqual(2 * 32);
  expect(moments % 32).toBe(0);
  expect(find(forward, 'finalize').bytes).toBe(F32 * (moments + 2 * 8 + 4 * 8 + 4 * 8));
  // x̂ is a difference and a product, γ·x̂ + β another two.
  expect(find(forward, 'normalize')).toMatchObject({ flops: 4 * 1024, bytes: F32 * (1024 + 32 + 1024) });
  const chunks = moments / 32 - 1;
  expect(find(backward, 'backward_reduce').bytes).toBe(F32 * (1024 + 1024 + 32 + 16 * chunks));
  expect(find(backward, 'backward_input').bytes).toBe(F32 * (1024 + 1024 + 32 + 16 * chunks + 1024 + 8 + 8));
});

test('merge', async () => {
  const device = await testDevice();
  const { commands } = await device.record(() =>
    merge(device, [{ partial: device.tensor([7, 65]), column: 0, total: device.tensor([65]) }]),
  );
  expect(commands.map(declared)).toEqual([{ kernel: 'reduce/merge', flops: 455, bytes: F32 * (455 + 65) }]);
});
