import { expect, test } from 'vitest';
import { reference } from '../../kernels/activation/reference.ts';
import { activationOf } from '../../kernels/activation/table.ts';
import { type ActivationKind, activation, activationKinds } from '../../src/autograd/ops/activation.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { testDevice } from '../support/device.ts';
import { testOp } from '../support/op.ts';

const cases = activationKinds.map(
  (kind) => [kind, { inputs: { x: [3, 4, 5, 4] }, attrs: { kind }, eps: 1e-3 }] as const,
);
testOp(activation, reference, {
  ...Object.fromEntries(cases),
  'gelu, odd': { inputs: { x: [2, 3, 43] }, attrs: { kind: 'gelu' } },
  'silu, one past a workgroup': { inputs: { x: [257] }, attrs: { kind: 'silu' } },
  'gelu of one value': { inputs: { x: [1] }, attrs: { kind: 'gelu' } },
});

/** Values and slopes of an activation on the device. */
async function onDevice(kind: ActivationKind, at: Float32Array<ArrayBuffer>) {
  const device = await testDevice();
  const x = device.upload(at, [at.length]);
  const { y, dx } = device.tidy(() => {
    const tape = new Tape(device);
    const y = tape.run(activation, { x: tape.watch(x) }, { kind });
    const ones = device.upload(new Float32Array(at.length).fill(1), [at.length]);
    return { y, dx: tape.backward(y, ones).get(x)! };
  });
  return { values: await device.read(y), slopes: await device.read(dx) };
}

test.each(activationKinds)('activation %s: value and slope hold in the tails', async (kind) => {
  const at = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100);
  const { values, slopes } = await onDevice(kind, at);
  const f = activationOf(kind).reference;
  let [worstValue, worstSlope] = [0, 0];
  for (const [i, x] of at.entries()) {
    worstValue = Math.max(worstValue, Math.abs(values[i] - f(x)) / Math.max(1, Math.abs(f(x))));
    const [left, right] = [(f(x) - f(x - 1e-5)) / 1e-5, (f(x + 1e-5) - f(x)) / 1e-5];
    if (Math.abs(left - right) > 1e-3) continue; // a kink
    worstSlope = Math.max(worstSlope, Math.abs(slopes[i] - (left + right) / 2));
  }
  expect(worstValue).toBeLessThan(5e-7);
  expect(worstSlope).toBeLessThan(1e-6);
});

test.each([
  ['relu', [0], [0]],
  ['hard_sigmoid', [-3, 3], [0, 0]],
  ['hard_swish', [-3, 3], [0, 1]],
] as const)('activation %s: the slope at its kinks is that of PyTorch', async (kind, kinks, slopes) => {
  expect([...(await onDevice(kind, Float32Array.from(kinks))).slopes]).toEqual(slopes);
});
