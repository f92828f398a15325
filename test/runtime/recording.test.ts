import { describe, expect, test } from 'vitest';
import { adamw, hyperparameters } from '../../kernels/adamw/launch.ts';
import * as elementwise from '../../kernels/elementwise/launch.ts';
import { gradNorm } from '../../kernels/grad_norm/launch.ts';
import { crossEntropy } from '../../src/autograd/ops/cross_entropy.ts';
import { dropout } from '../../src/autograd/ops/dropout.ts';
import { linear } from '../../src/autograd/ops/linear.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Recording } from '../../src/runtime/recording.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { newConstant, shifted } from '../support/kernel.ts';
import { normal, upload } from '../support/op.ts';

const filled = (device: Device, value: number, n = 256) => device.upload(new Float32Array(n).fill(value), [n]);

function plus(device: Device, a: Tensor, b: Tensor): Tensor {
  const sum = device.tensor(a.shape);
  elementwise.add(device, { a, b, sum });
  return sum;
}

/** The state of a small net in training, and one step of it. */
function training(device: Device) {
  const random = new Random(1);
  const x = upload(device, normal([6, 7], random));
  const parameter = upload(device, normal([64], random));
  const weight = { ...parameter, shape: [9, 7] };
  const gradient = device.upload(new Float32Array(64), [64]);
  const zeros = () => device.upload(new Float32Array(64), [64]);
  const moments = { moment1: zeros(), moment2: zeros() };
  const targets = device.upload(Int32Array.of(0, 1, 2, 3, 4, 8), [6]);
  const seed = device.tensor([2], 'u32');
  const hyper = device.tensor([11]);
  const upstream = device.upload(Float32Array.of(1), [1]);
  const norm = device.tensor([1]);
  return {
    parameter,
    prepare(step: number) {
      const rates = { learningRate: 0.01, weightDecay: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8 };
      device.write(hyper, hyperparameters({ ...rates, step, maxNorm: 1, averageDecay: 0.9 }));
      device.write(seed, Uint32Array.of(3, step));
    },
    step() {
      const tape = new Tape(device);
      tape.watch(weight, { ...gradient, shape: weight.shape });
      const hidden = tape.run(linear, { x, weight }, {});
      const logits = tape.run(dropout, { x: hidden }, { p: 0.5, seed, stream: 0 });
      const loss = tape.run(crossEntropy, { logits }, { targets, labelSmoothing: 0 });
      tape.backward(loss, upstream);
      gradNorm(device, { gradient, norm });
      adamw(device, { parameter, gradient, ...moments, norm, hyper });
      return loss;
    },
  };
}

test('a recording gives the same bits as eager execution, and sees what is written between its runs', async () => {
  const device = await testDevice();
  const eager = training(device);
  const losses: number[] = [];
  for (let step = 1; step <= 4; step++) {
    eager.prepare(step);
    const loss = device.tidy(() => eager.step());
    losses.push((await device.read(loss))[0]);
  }

  const recorded = training(device);
  const recording = await device.record(() => recorded.step());
  for (let step = 1; step <= 4; step++) {
    recorded.prepare(step);
    recording.run();
    expect((await device.read(recording.result))[0]).toBe(losses[step - 1]);
  }
  expect(new Set(losses).size).toBe(4);
  expect(await device.read(recorded.parameter)).toEqual(await device.read(eager.parameter));
});

test('temporaries share buffers once they are no longer read, and are right nevertheless', async () => {
  const device = await testDevice();
  const n = 12_345;
  const one = filled(device, 1, n);
  const buffers = new Set<GPUBuffer>();
  const recording = await device.record(() => {
    let x = one;
    for (let i = 0; i < 20; i++) x = plus(device, x, one);
    return x;
  });
  for (const { tensors } of recording.commands) for (const { storage } of tensors) buffers.add(storage.buffer!);
  // The input, the result, and two that take turns.
  expect(buffers.size).toBe(4);
  recording.run();
  expect(await device.read(recording.result)).toEqual(new Float32Array(n).fill(21));
});

test('a temporary that is read late keeps its buffer until then', async () => {
  const device = await testDevice();
  const one = filled(device, 1);
  const recording = await device.record(() => {
    const two = plus(device, one, one);
    let x = two;
    for (let i = 0; i < 5; i++) x = plus(device, x, one);
    return plus(device, x, two);
  });
  recording.run();
  expect((await device.read(recording.result))[255]).toBe(9);
});

test('results survive another recording, whose temporaries share memory with those of the first', async () => {
  const device = await testDevice();
  const one = filled(device, 1);
  const chain = (length: number) => () => {
    let x = one;
    const kept: Tensor[] = [];
    for (let i = 0; i < length; i++) {
      x = plus(device, x, one);
      if (i % 2 === 0) kept.push(x);
    }
    return kept;
  };
  const first = await device.record(chain(6));
  const before = device.memory.reserved;
  const second = await device.record(chain(6));
  first.run();
  second.run();
  for (const [i, tensor] of first.result.entries()) expect((await device.read(tensor))[0]).toBe(2 + 2 * i);
  // At most the three results are new.
  expect(device.memory.reserved - before).toBeLessThanOrEqual(3 * 1024);
});

test('a tensor made before and written in a recording keeps its values between runs', async () => {
  const device = await testDevice();
  const total = filled(device, 0);
  const one = filled(device, 1);
  const recording = await device.record(() => {
    elementwise.copy(device, { source: plus(device, total, one), copy: total });
  });
  for (let i = 0; i < 3; i++) recording.run();
  expect((await device.read(total))[0]).toBe(3);
});

test('a run keeps its place among commands that wait', async () => {
  const device = await testDevice();
  const x = filled(device, 1);
  const recording = await device.record(() => plus(device, x, x));
  const sum = plus(device, x, x);
  elementwise.copy(device, { source: sum, copy: x });
  recording.run();
  device.write(x, new Float32Array(256).fill(10));
  expect((await device.read(recording.result))[0]).toBe(4);
  const flushed = device.flush();
  recording.run();
  await flushed;
  expect((await device.read(recording.result))[0]).toBe(20);
});

test('costs are those of the dispatches', async () => {
  const device = await testDevice();
  const x = filled(device, 1, 100);
  const { cost } = await device.record(() => {
    const sum = plus(device, x, x);
    elementwise.copy(device, { source: sum, copy: x });
  });
  expect(cost).toEqual({ dispatches: 2, flops: 100, bytes: 5 * 400 });
});

test('host data cannot be recorded, and the device works on after such a mistake', async () => {
  const device = await testDevice();
  const one = filled(device, 1);
  const recorded = device.record(() => {
    plus(device, one, one);
    filled(device, 2);
  });
  await expect(recorded).rejects.toThrow(
    'upload(): not possible in a recorded function, host data is written before it runs',
  );
  expect((await device.read(plus(device, one, one)))[0]).toBe(2);
});

describe('what is queued while a recording is made', () => {
  /** A dispatch whose kernel still compiles, so that `record` must wait. */
  const compileSlowly = (device: Device) => shifted(device, filled(device, 0), newConstant());

  test('runs in its order and is not recorded', async () => {
    const device = await testDevice();
    const x = filled(device, 1);
    const waiting = compileSlowly(device);
    const recording = device.record(() => plus(device, x, x));
    device.write(x, new Float32Array(256).fill(2));
    const sum = plus(device, x, x);
    const reading = device.read(sum);
    device.write(x, new Float32Array(256).fill(3));
    const made = await recording;
    expect(made.cost.dispatches).toBe(1);
    expect((await reading)[0]).toBe(4);
    expect((await device.read(x))[0]).toBe(3);
    made.run();
    expect((await device.read(made.result))[0]).toBe(6);
    expect((await device.read(waiting))[0]).toBeGreaterThan(999);
  });

  test('may be another recording', async () => {
    const device = await testDevice();
    const x = filled(device, 1);
    compileSlowly(device);
    const [twice, thrice] = await Promise.all([
      device.record(() => plus(device, x, x)),
      device.record(() => plus(device, plus(device, x, x), x)),
    ]);
    expect([twice.cost.dispatches, thrice.cost.dispatches]).toEqual([1, 2]);
    twice.run();
    thrice.run();
    expect((await device.read(twice.result))[0]).toBe(2);
    expect((await device.read(thrice.result))[0]).toBe(3);
  });

  test('may be released: what was queued before still sees it', async () => {
    const device = await testDevice();
    const x = filled(device, 1);
    const y = compileSlowly(device);
    const sum = plus(device, x, x);
    const recording = device.record(() => plus(device, y, y));
    device.release(x);
    const other = filled(device, 9);
    await recording;
    expect((await device.read(sum))[0]).toBe(2);
    expect((await device.read(other))[0]).toBe(9);
  });
});

describe('a recorded function', () => {
  test('cannot be asynchronous', async () => {
    const device = await testDevice();
    const x = filled(device, 1);
    await expect(device.record(async () => plus(device, x, x))).rejects.toThrow(
      'record(): the function must not be asynchronous, as its tensors would be released while it uses them',
    );
    expect((await device.read(plus(device, x, x)))[0]).toBe(2);
  });

  test('cannot wait for the GPU, nor run or make a recording', async () => {
    const device = await testDevice();
    const x = filled(device, 1);
    const other = await device.record(() => plus(device, x, x));
    const calls: [string, () => unknown][] = [
      ['read', () => device.read(x)],
      ['flush', () => device.flush()],
      ['done', () => device.done()],
      ['record', () => device.record(() => x)],
      ['run', () => other.run()],
    ];
    for (const [name, call] of calls) {
      let result: unknown;
      const recording = device.record(() => {
        result = call();
        (result as Promise<unknown>).catch(() => {});
        return plus(device, x, x);
      });
      const failing = name === 'run' ? recording : recording.then(() => result);
      await expect(failing).rejects.toThrow(`${name}(): not possible in a recorded function`);
    }
  });

  test('inside tidy makes tensors that tidy does not release', async () => {
    const device = await testDevice();
    const x = filled(device, 1);
    let recording: Promise<Recording<Tensor>> | undefined;
    device.tidy(() => {
      recording = device.record(() => plus(device, x, x));
    });
    const { result } = (await recording)!;
    expect((await device.read(result)).length).toBe(256);
  });
});
