import { expect, test } from 'vitest';
import { HostArray } from '../../kernels/common/reference.ts';
import { score } from '../../kernels/cross_entropy/launch.ts';
import { reference } from '../../kernels/cross_entropy/reference.ts';
import { crossEntropy } from '../../src/autograd/ops/cross_entropy.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, type OpCase, testOp, upload } from '../support/op.ts';

interface HostAttrs {
  readonly targets: number[];
  readonly labelSmoothing: number;
  readonly mix?: number;
  readonly weights?: readonly number[];
}

/** The targets as a tensor. */
const attrsOn = (device: Device, { targets, labelSmoothing, mix, weights }: HostAttrs) => ({
  labelSmoothing,
  targets: uploadClasses(device, targets),
  mix: mix === undefined ? undefined : device.upload(Float32Array.of(mix), [1]),
  weights: weights && device.upload(Float32Array.from(weights), [weights.length]),
});

const uploadClasses = (device: Device, data: readonly number[]) => device.upload(Int32Array.from(data), [data.length]);

const scaled = (shape: number[], scale: number) =>
  new HostArray(
    shape,
    normal(shape, new Random(3)).data.map((x) => scale * x),
  );

const drawn = (n: number, k: number) => Array.from({ length: n }, (_, i) => (i * 7 + 3) % k);

const cases: Record<string, OpCase<HostAttrs>> = {
  'ten classes': { inputs: { logits: [8, 10] }, attrs: { targets: drawn(8, 10), labelSmoothing: 0 } },
  'smoothed labels': { inputs: { logits: [5, 10] }, attrs: { targets: drawn(5, 10), labelSmoothing: 0.1 } },
  'one class': { inputs: { logits: [3, 1] }, attrs: { targets: [0, 0, 0], labelSmoothing: 0 } },
  'a workgroup of classes': { inputs: { logits: [2, 64] }, attrs: { targets: drawn(2, 64), labelSmoothing: 0 } },
  'one past it, and of rows': { inputs: { logits: [65, 65] }, attrs: { targets: drawn(65, 65), labelSmoothing: 0.2 } },
  'a thousand classes': { inputs: { logits: [3, 1001] }, attrs: { targets: [0, 1000, 500], labelSmoothing: 0.1 } },
  'mixed targets': { inputs: { logits: [7, 10] }, attrs: { targets: drawn(7, 10), labelSmoothing: 0.1, mix: 0.7 } },
  'weighted classes': {
    inputs: { logits: [9, 70] },
    attrs: { targets: drawn(9, 70), labelSmoothing: 0.1, weights: Array.from({ length: 70 }, (_, k) => 0.5 + k / 70) },
  },
  both: {
    inputs: { logits: [5, 3] },
    attrs: { targets: [0, 1, 2, 0, 1], labelSmoothing: 0, mix: 0.6, weights: [0.5, 2, 1] },
  },
  'large logits': { inputs: { logits: scaled([4, 10], 100) }, attrs: { targets: drawn(4, 10), labelSmoothing: 0 } },
};
testOp(crossEntropy, reference, cases, attrsOn);

test('crossEntropy: logits of any size give a finite loss', async () => {
  const device = await testDevice();
  const logits = device.upload(Float32Array.of(1e30, -1e30, 0, -1e4, -1e4, -1e4), [2, 3]);
  const targets = device.upload(Int32Array.of(0, 2), [2]);
  const y = new Tape(device).run(crossEntropy, { logits }, { targets, labelSmoothing: 0 });
  expect((await device.read(y))[0]).toBeCloseTo(Math.log(3) / 2, 6);
});

/** Seventy rows, every ninth of them padding, and what they add to totals. */
function padded() {
  const random = new Random(5);
  const [n, k] = [70, 12];
  const logits = normal([n, k], random);
  const classes = Array.from({ length: n }, (_, i) => (i % 9 === 0 ? -1 : random.int(k)));
  let loss = 0;
  let correct = 0;
  classes.forEach((target, i) => {
    if (target < 0) return;
    const row = logits.data.subarray(i * k, (i + 1) * k);
    loss += reference({ logits: new HostArray([1, k], row) }, { targets: [target], labelSmoothing: 0 }).data[0];
    if (row.indexOf(Math.max(...row)) === target) correct++;
  });
  return { logits, classes, loss, correct };
}

test('score adds up loss and correct predictions, and ignores negative targets', async () => {
  const device = await testDevice();
  const { logits, classes, loss, correct } = padded();
  const totals = device.upload(Float32Array.of(100, 1000), [2]);
  const targets = uploadClasses(device, classes);
  score(device, { logits: upload(device, logits), targets, totals });
  const got = await device.read(totals);
  expect(got[0]).toBeCloseTo(100 + loss, 3);
  expect(got[1]).toBe(1000 + correct);
});

test('crossEntropy with totals adds what score does, in two dispatches, and has the same loss', async () => {
  const device = await testDevice();
  const { classes, ...given } = padded();
  const logits = upload(device, given.logits);
  for (const labels of [classes, classes.map((label) => Math.max(label, 0))]) {
    const targets = uploadClasses(device, labels);
    const [scored, totals] = [0, 1].map(() => device.upload(Float32Array.of(100, 1000), [2]));
    score(device, { logits, targets, totals: scored });
    const run = (attrs: { totals?: Tensor }) =>
      new Tape(device).run(crossEntropy, { logits }, { targets, labelSmoothing: 0.1, ...attrs });
    const recording = await device.record(() => run({ totals }));
    expect(recording.cost.dispatches).toBe(2);
    recording.run();
    expect(await device.read(totals)).toEqual(await device.read(scored));
    expect(await device.read(recording.result)).toEqual(await device.read(run({})));
  }
});

test.each([-1, 3, 2 ** 30])('a target that is no class (%i) makes loss and gradient NaN', async (wrong) => {
  const device = await testDevice();
  const logits = device.upload(Float32Array.of(1, 2, 3, 3, 2, 1), [2, 3]);
  const tape = new Tape(device);
  tape.watch(logits);
  const totals = device.upload(new Float32Array(2), [2]);
  const attrs = { targets: uploadClasses(device, [2, wrong]), labelSmoothing: 0.1, totals };
  const loss = tape.run(crossEntropy, { logits }, attrs);
  const gradient = await device.read(tape.backward(loss).get(logits)!);
  expect([...(await device.read(loss))]).toEqual([Number.NaN]);
  expect([...gradient].map(Number.isFinite)).toEqual([true, true, true, false, false, false]);
  // Padding does not count, a class that does not exist does.
  const [total, correct] = await device.read(totals);
  expect([Number.isFinite(total), correct]).toEqual([wrong < 0, 1]);
});

test('score predicts the first of equal logits', async () => {
  const device = await testDevice();
  const totals = device.upload(new Float32Array(2), [2]);
  const logits = device.upload(Float32Array.of(1, 1, 0, 1, 1, 0), [2, 3]);
  score(device, { logits, targets: device.upload(Int32Array.of(0, 1), [2]), totals });
  expect((await device.read(totals))[1]).toBe(1);
});
