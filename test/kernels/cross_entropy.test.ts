import { expect, test } from 'vitest';
import { HostArray } from '../../kernels/common/reference.ts';
import { score } from '../../kernels/cross_entropy/launch.ts';
import { reference } from '../../kernels/cross_entropy/reference.ts';
import { defineOp } from '../../src/autograd/op.ts';
import { crossEntropy } from '../../src/autograd/ops/cross_entropy.ts';
import { Random } from '../../src/data/random.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, testOp, upload } from '../support/op.ts';

interface HostAttrs {
  readonly targets: number[];
  readonly labelSmoothing: number;
}

/** The op with its targets on the host, where the reference has them. */
const onHost = defineOp({
  name: 'crossEntropy',
  forward(device, inputs: { logits: Tensor }, { targets, labelSmoothing }: HostAttrs) {
    const attrs = { targets: device.upload(Int32Array.from(targets), [targets.length], 'i32'), labelSmoothing };
    const { y, saved } = crossEntropy.forward(device, inputs, attrs);
    return { y, saved: { saved, attrs } };
  },
  backward(device, dy, { saved, attrs }, _, wanted) {
    crossEntropy.backward(device, dy, saved, attrs, wanted);
  },
});

const scaled = (shape: number[], scale: number) =>
  new HostArray(
    shape,
    normal(shape, new Random(3)).data.map((x) => scale * x),
  );

const drawn = (n: number, k: number) => Array.from({ length: n }, (_, i) => (i * 7 + 3) % k);

testOp(onHost, reference, {
  'ten classes': { inputs: { logits: [8, 10] }, attrs: { targets: drawn(8, 10), labelSmoothing: 0 } },
  'smoothed labels': { inputs: { logits: [5, 10] }, attrs: { targets: drawn(5, 10), labelSmoothing: 0.1 } },
  'one class': { inputs: { logits: [3, 1] }, attrs: { targets: [0, 0, 0], labelSmoothing: 0 } },
  'a workgroup of classes': { inputs: { logits: [2, 64] }, attrs: { targets: drawn(2, 64), labelSmoothing: 0 } },
  'one past it, and of rows': { inputs: { logits: [65, 65] }, attrs: { targets: drawn(65, 65), labelSmoothing: 0.2 } },
  'a thousand classes': { inputs: { logits: [3, 1001] }, attrs: { targets: [0, 1000, 500], labelSmoothing: 0.1 } },
  'large logits': { inputs: { logits: scaled([4, 10], 100) }, attrs: { targets: drawn(4, 10), labelSmoothing: 0 } },
});

test('crossEntropy: logits of any size give a finite loss', async () => {
  const device = await testDevice();
  const logits = device.upload(Float32Array.of(1e30, -1e30, 0, -1e4, -1e4, -1e4), [2, 3]);
  const targets = device.upload(Int32Array.of(0, 2), [2], 'i32');
  const { y } = crossEntropy.forward(device, { logits }, { targets, labelSmoothing: 0 });
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
  const targets = device.upload(Int32Array.from(classes), [classes.length], 'i32');
  score(device, { logits: upload(device, logits), targets, totals });
  const got = await device.read(totals);
  expect(got[0]).toBeCloseTo(100 + loss, 3);
  expect(got[1]).toBe(1000 + correct);
});

test('crossEntropy with totals adds what score does, in two dispatches, and loses the same', async () => {
  const device = await testDevice();
  const { classes, ...given } = padded();
  const logits = upload(device, given.logits);
  const targets = device.upload(Int32Array.from(classes), [classes.length], 'i32');
  const [scored, totals] = [0, 1].map(() => device.upload(Float32Array.of(100, 1000), [2]));
  score(device, { logits, targets, totals: scored });
  const alone = crossEntropy.forward(device, { logits }, { targets, labelSmoothing: 0.1 });
  const recording = await device.record(() =>
    crossEntropy.forward(device, { logits }, { targets, labelSmoothing: 0.1, totals }),
  );
  expect(recording.cost.dispatches).toBe(2);
  recording.run();
  const { y, saved } = recording.result;
  expect(await device.read(totals)).toEqual(await device.read(scored));
  expect(await device.read(y)).toEqual(await device.read(alone.y));
  expect(await device.read(saved.normalizers)).toEqual(await device.read(alone.saved.normalizers));
});

test('score predicts the first of equal logits', async () => {
  const device = await testDevice();
  const totals = device.upload(new Float32Array(2), [2]);
  const logits = device.upload(Float32Array.of(1, 1, 0, 1, 1, 0), [2, 3]);
  score(device, { logits, targets: device.upload(Int32Array.of(0, 1), [2], 'i32'), totals });
  expect((await device.read(totals))[1]).toBe(1);
});
