import { describe, expect, test } from 'vitest';
import * as elementwise from '../../kernels/elementwise/launch.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { defineOp, require } from '../../src/autograd/op.ts';
import { add } from '../../src/autograd/ops/add.ts';
import { linear } from '../../src/autograd/ops/linear.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, upload } from '../support/op.ts';

/** y = 2x by a kernel; `factor` is what its backward pass multiplies with, 2 if it is right. */
const double = defineOp({
  name: 'double',
  forward(device, { x }: { x: Tensor }, _: { factor: 1 | 2 }) {
    const y = device.tensor(x.shape);
    elementwise.add(device, { a: x, b: x, sum: y });
    return { y, saved: {} };
  },
  backward(device, dy, _, { factor }, wanted) {
    if (!wanted.x) return;
    if (factor === 1) wanted.x.alias(dy);
    else elementwise.add(device, { a: dy, b: dy, sum: wanted.x.tensor });
  },
});

const vector = (device: Device, ...values: number[]) => device.upload(Float32Array.from(values), [values.length]);

const read = async (device: Device, tensor: Tensor | undefined) => [...(await device.read(tensor!))];

describe('backward', () => {
  test('adds up the gradients of a tensor that is used more than once', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const x = tape.watch(vector(device, 1, 2, 3));
    const twice = tape.run(double, { x }, { factor: 2 });
    const sum = tape.run(add, { a: twice, b: x }, {});
    const y = tape.run(add, { a: sum, b: sum }, {}); // 2 (2x + x)
    expect(await read(device, y)).toEqual([6, 12, 18]);
    const gradients = tape.backward(y, vector(device, 1, 10, 100));
    expect(await read(device, gradients.get(x))).toEqual([6, 60, 600]);
  });

  test('adding up leaves aliased gradients as they are', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const [a, b] = [tape.watch(vector(device, 1)), tape.watch(vector(device, 2))];
    const sum = tape.run(add, { a, b }, {});
    const y = tape.run(add, { a: sum, b: a }, {});
    const dy = vector(device, 1);
    const gradients = tape.backward(y, dy);
    expect(await read(device, gradients.get(a))).toEqual([2]);
    expect(await read(device, gradients.get(b))).toEqual([1]);
    expect(await read(device, dy)).toEqual([1]);
  });

  test('starts anywhere: a watched tensor may be the output itself', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const x = tape.watch(vector(device, 1));
    const destination = vector(device, 0);
    tape.watch(x, destination);
    const dy = vector(device, 5);
    expect(tape.backward(x, dy).get(x)).toBe(destination);
    expect(await read(device, destination)).toEqual([5]);
  });

  test('gives no gradient to what the output does not depend on', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const [x, other] = [tape.watch(vector(device, 1)), tape.watch(vector(device, 1))];
    tape.run(double, { x: other }, { factor: 2 });
    const y = tape.run(double, { x }, { factor: 2 });
    const gradients = tape.backward(y, vector(device, 1));
    expect(gradients.has(x)).toBe(true);
    expect(gradients.has(other)).toBe(false);
  });
});

describe('destinations', () => {
  test('get the gradient without a copy where a kernel writes it', async () => {
    const device = await testDevice();
    const [x, destination, dy] = [vector(device, 1), vector(device, 0), vector(device, 3)];
    const { commands } = await device.record(() => {
      const tape = new Tape(device);
      tape.watch(x, destination);
      const y = tape.run(double, { x }, { factor: 2 });
      expect(tape.backward(y, dy).get(x)).toBe(destination);
    });
    expect(commands.map(({ kernel }) => kernel.path)).toEqual(Array(2).fill('kernels/elementwise/add.wgsl'));
  });

  test('get a copy of a gradient that is another tensor, or a sum', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const [a, b] = [vector(device, 1), vector(device, 1)];
    const [da, db] = [vector(device, 0), vector(device, 0)];
    tape.watch(a, da);
    tape.watch(b, db);
    const y = tape.run(add, { a: tape.run(add, { a, b }, {}), b }, {});
    tape.backward(y, vector(device, 7));
    expect(await read(device, da)).toEqual([7]);
    expect(await read(device, db)).toEqual([14]);
  });
});

describe('work', () => {
  test('an op none of whose inputs is watched is not remembered', async () => {
    const device = await testDevice();
    const { commands } = await device.record(() => {
      const tape = new Tape(device);
      const y = tape.run(double, { x: device.tensor([4]) }, { factor: 2 });
      tape.backward(y, device.tensor([4]));
    });
    expect(commands.length).toBe(1);
  });

  test('an input that is not watched costs nothing', async () => {
    const device = await testDevice();
    const backward = async (...watched: string[]) => {
      const { commands } = await device.record(() => {
        const inputs = { x: device.tensor([4, 3]), weight: device.tensor([5, 3]), bias: device.tensor([5]) };
        const tape = new Tape(device);
        for (const [name, tensor] of Object.entries(inputs)) if (watched.includes(name)) tape.watch(tensor);
        const y = tape.run(linear, inputs, {});
        const gradients = tape.backward(y, device.tensor([4, 5]));
        expect(
          Object.entries(inputs)
            .filter(([, tensor]) => gradients.has(tensor))
            .map(([name]) => name),
        ).toEqual(watched);
      });
      return commands.length - 1;
    };
    expect(await backward('x')).toBe(1);
    expect(await backward('weight')).toBe(1);
    expect(await backward('x', 'weight')).toBe(2);
    expect(await backward()).toBe(0);
  });
});

describe('mistakes', () => {
  test('a backward pass that leaves a wanted gradient out is named', async () => {
    const device = await testDevice();
    const lazy = { ...double, name: 'lazy', backward() {} };
    const tape = new Tape(device);
    const x = tape.watch(vector(device, 1));
    const y = tape.run(lazy, { x }, { factor: 2 });
    expect(() => tape.backward(y, vector(device, 1))).toThrow(
      "lazy: gradient of 'x' was wanted, but the backward pass left none",
    );
  });

  test('require says what was required and what came', () => {
    expect(() => require(false, 'pool', 'x must be [N,C,H,W]', [2, 3])).toThrow('pool: x must be [N,C,H,W], got [2,3]');
    expect(() => require(true, 'pool', '', 0)).not.toThrow();
  });
});

describe('gradcheck', () => {
  test('accepts right gradients, of several inputs, and says how far off they are', async () => {
    const device = await testDevice();
    const random = new Random(4);
    const inputs = {
      x: upload(device, normal([3, 4], random)),
      weight: upload(device, normal([5, 4], random)),
      bias: upload(device, normal([5], random)),
    };
    const before = device.memory.inUse;
    const f = (tape: Tape, { x, weight, bias }: Record<string, Tensor>) => tape.run(linear, { x, weight, bias }, {});
    expect(await gradcheck(device, f, inputs)).toBeLessThan(1e-3);
    expect(device.memory.inUse).toBe(before);
  });

  test('throws on a wrong gradient, naming the input', async () => {
    const device = await testDevice();
    const x = vector(device, 1, 2, 3);
    const wrong = gradcheck(device, (tape, { x }) => tape.run(double, { x }, { factor: 1 }), { x });
    await expect(wrong).rejects.toThrow("gradcheck(): gradient of 'x' must match finite differences within 0.01, got ");
  });

  test('throws where an input gets no gradient', async () => {
    const device = await testDevice();
    const [x, other] = [vector(device, 1), vector(device, 2)];
    const check = gradcheck(device, (tape, { x }) => tape.run(double, { x }, { factor: 2 }), { x, other });
    await expect(check).rejects.toThrow("gradcheck(): 'other' got no gradient");
  });
});
