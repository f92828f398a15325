import { describe, expect, test } from 'vitest';
import * as elementwise from '../../kernels/elementwise/launch.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import { defineOp } from '../../src/autograd/op.ts';
import { add } from '../../src/autograd/ops/add.ts';
import { linear } from '../../src/autograd/ops/linear.ts';
import { requireThat } from '../../src/autograd/requirements.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { normal, upload } from '../support/op.ts';

/** y = 2x by a kernel; `factor` is what its backward pass multiplies with, 2 if it is right. */
const double = defineOp({
  name: 'double',
  shape: ({ x }: { x: Tensor }, _: { factor: 1 | 2 }) => x.shape,
  forward(device, { x }) {
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

  test('starts with 1 from a scalar, also in a recording', async () => {
    const device = await testDevice();
    const x = vector(device, 3);
    const step = () => {
      const tape = new Tape(device);
      return tape.backward(tape.run(double, { x: tape.watch(x) }, { factor: 2 })).get(x)!;
    };
    expect(await read(device, step())).toEqual([2]);
    const recording = await device.record(step);
    recording.run();
    expect(await read(device, recording.result)).toEqual([2]);
  });

  test('returns the gradients of watched tensors and no others, also of one that an op computed', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const x = tape.watch(vector(device, 1));
    const twice = tape.watch(tape.run(double, { x }, { factor: 2 }));
    const y = tape.run(double, { x: tape.run(double, { x: twice }, { factor: 2 }) }, { factor: 2 });
    const gradients = tape.backward(y);
    expect([...gradients.keys()].sort((a) => (a === x ? -1 : 1))).toEqual([x, twice]);
    expect(await read(device, gradients.get(twice))).toEqual([4]);
    expect(await read(device, gradients.get(x))).toEqual([8]);
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
    expect(commands.map(({ kernel }) => kernel.path)).toEqual(Array(2).fill('kernels/elementwise/binary.wgsl'));
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
  test('an op none of whose inputs is watched is not recorded', async () => {
    const device = await testDevice();
    const { commands } = await device.record(() => {
      const tape = new Tape(device);
      const [x, a] = [device.tensor([4]), tape.watch(device.tensor([4]))];
      const b = tape.run(double, { x }, { factor: 2 });
      tape.backward(tape.run(add, { a, b }, {}), device.tensor([4]));
    });
    expect(commands.length).toBe(2);
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
  });
});

describe('mistakes', () => {
  test('a backward pass that leaves a wanted gradient out is named', async () => {
    const device = await testDevice();
    const lazy = { ...double, name: 'lazy', backward() {} };
    const tape = new Tape(device);
    const x = tape.watch(vector(device, 1));
    const y = tape.run(lazy, { x }, { factor: 2 });
    expect(() => tape.backward(y, vector(device, 1))).toThrow("lazy: the backward pass must fill 'x', got no gradient");
  });

  test('requireThat names the op, the requirement and what came', () => {
    expect(() => requireThat(false, 'pool', 'x must be [N,C]', [2])).toThrow('pool: x must be [N,C], got [2]');
    expect(() => requireThat(true, 'pool', '', 0)).not.toThrow();
  });
});

describe('backward is refused', () => {
  test('a second time', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const y = tape.run(double, { x: tape.watch(vector(device, 1)) }, { factor: 2 });
    tape.backward(y);
    expect(() => tape.backward(y)).toThrow('tape.backward(): a tape runs backward once, got a second call');
  });

  test('from a tensor that is not on the tape', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    tape.watch(vector(device, 1));
    const y = tape.run(double, { x: vector(device, 1, 2) }, { factor: 2 });
    const message = 'tape.backward(): y must depend on a watched tensor, got a [2] that does not';
    expect(() => tape.backward(y, vector(device, 1, 2))).toThrow(message);
  });

  test('with a dy of another shape or data type, or without one for many elements', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const y = tape.watch(vector(device, 1, 2));
    expect(() => tape.backward(y, vector(device, 1))).toThrow('tape.backward(): dy must be f32 [2], got f32 [1]');
    expect(() => tape.backward(y, device.tensor([2], 'u32'))).toThrow('dy must be f32 [2], got u32 [2]');
    expect(() => tape.backward(y)).toThrow('tape.backward(): dy may only be missing if y has one element, got [2]');
  });

  test('through an op for evaluation only', async () => {
    const device = await testDevice();
    const { backward: _, ...forwardOnly } = double;
    const tape = new Tape(device);
    const y = tape.run({ ...forwardOnly, name: 'once' }, { x: tape.watch(vector(device, 1)) }, { factor: 2 });
    expect(() => tape.backward(y)).toThrow('once: is for evaluation only, it has no backward pass');
  });
});

describe('moments', () => {
  /** y = x, with x as the "moments" of y. */
  const withMoments = defineOp({
    name: 'withMoments',
    shape: ({ x }: { x: Tensor }, _: object) => x.shape,
    forward(device, { x }) {
      const y = device.tensor(x.shape);
      const moments = device.tensor(x.shape);
      elementwise.copy(device, { source: x, copy: y });
      elementwise.copy(device, { source: x, copy: moments });
      return { y, moments, saved: undefined };
    },
  });

  test('go to the first op that takes them, once', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const y = tape.run(withMoments, { x: vector(device, 3) }, {});
    expect(await read(device, tape.takeMoments(y))).toEqual([3]);
    expect(tape.takeMoments(y)).toBeUndefined();
  });

  test('are released by the tidy that keeps y, and not used any more', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const x = vector(device, 3);
    const before = device.memory.inUse;
    const y = device.tidy(() => tape.run(withMoments, { x }, {}));
    expect(tape.takeMoments(y)).toBeUndefined();
    device.release(y);
    expect(device.memory.inUse).toBe(before);
  });

  test('are not used once the recording that made them has ended', async () => {
    const device = await testDevice();
    const tape = new Tape(device);
    const x = vector(device, 3);
    const { result: y } = await device.record(() => tape.run(withMoments, { x }, {}));
    expect(tape.takeMoments(y)).toBeUndefined();
    const { result } = await device.record(() => tape.takeMoments(tape.run(withMoments, { x }, {})));
    expect(result).toBeDefined();
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

  test('throws on an input or an output that is not f32, naming it, and keeps no memory', async () => {
    const device = await testDevice();
    const x = vector(device, 1, 2);
    const half = device.upload(Float32Array.of(1, 2), [2], 'f16');
    const counts = device.upload(Int32Array.of(1, 2), [2]);
    const before = device.memory.inUse;
    const f = (tape: Tape, { x }: Record<string, Tensor>) => tape.run(double, { x }, { factor: 2 });
    await expect(gradcheck(device, f, { x, half })).rejects.toThrow('gradcheck(): half must be f32, got f16 [2]');
    await expect(gradcheck(device, f, { x, counts })).rejects.toThrow('gradcheck(): counts must be f32, got i32 [2]');
    const toHalf = () => device.tensor([2], 'f16');
    await expect(gradcheck(device, toHalf, { x })).rejects.toThrow('gradcheck(): the output must be f32, got f16 [2]');
    const wrong = gradcheck(device, (tape, { x }) => tape.run(double, { x }, { factor: 1 }), { x });
    await expect(wrong).rejects.toThrow('must match finite differences');
    expect(device.memory.inUse).toBe(before);
  });
});
