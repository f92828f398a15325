import { expect, test } from 'vitest';
import { reference } from '../../kernels/activation/reference.ts';
import { HostArray } from '../../kernels/common/reference.ts';
import { activation } from '../../src/autograd/ops/activation.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { testDevice } from '../support/device.ts';
import { testOp } from '../support/op.ts';

testOp(activation, reference, {
  gelu: { inputs: { x: [3, 4, 5, 4] }, attrs: { kind: 'gelu' } },
  silu: { inputs: { x: [2, 3, 43] }, attrs: { kind: 'silu' } },
  sigmoid: { inputs: { x: [257] }, attrs: { kind: 'sigmoid' } },
  hard_sigmoid: { inputs: { x: [2, 3, 11] }, attrs: { kind: 'hard_sigmoid' }, eps: 1e-3 },
  'gelu of one value': { inputs: { x: [1] }, attrs: { kind: 'gelu' } },
});

for (const kind of ['gelu', 'silu', 'sigmoid', 'hard_sigmoid'] as const) {
  test(`activation ${kind}: value and slope hold in the tails`, async () => {
    const device = await testDevice();
    const at = Float32Array.from({ length: 4001 }, (_, i) => (i - 2000) / 100);
    const x = device.upload(at, [at.length]);
    const { y, dx } = device.tidy(() => {
      const tape = new Tape(device);
      const y = tape.run(activation, { x: tape.watch(x) }, { kind });
      const ones = device.upload(new Float32Array(at.length).fill(1), [at.length]);
      return { y, dx: tape.backward(y, ones).get(x)! };
    });
    const got = { value: await device.read(y), slope: await device.read(dx) };
    const f = (shift: number) =>
      reference(
        {
          x: new HostArray(
            [at.length],
            Float64Array.from(at, (v) => v + shift),
          ),
        },
        { kind },
      ).data;
    const [want, above, below] = [f(0), f(1e-5), f(-1e-5)];
    let [worstValue, worstSlope] = [0, 0];
    for (let i = 0; i < at.length; i++) {
      worstValue = Math.max(worstValue, Math.abs(got.value[i] - want[i]) / Math.max(1, Math.abs(want[i])));
      if (kind === 'hard_sigmoid' && Math.abs(Math.abs(at[i]) - 3) < 1e-3) continue; // its kinks
      worstSlope = Math.max(worstSlope, Math.abs(got.slope[i] - (above[i] - below[i]) / 2e-5));
    }
    expect(worstValue).toBeLessThan(5e-7);
    expect(worstSlope).toBeLessThan(1e-6);
  });
}
