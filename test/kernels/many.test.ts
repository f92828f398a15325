import { expect, test } from 'vitest';
import { normalize } from '../../kernels/augment/launch.ts';
import { merge } from '../../kernels/reduce/launch.ts';
import { backwardGate } from '../../kernels/squeeze_excite/launch.ts';
import type { Inputs, Op } from '../../src/autograd/op.ts';
import { batchNorm } from '../../src/autograd/ops/batch_norm.ts';
import { linear } from '../../src/autograd/ops/linear.ts';
import { squeezeExcite } from '../../src/autograd/ops/squeeze_excite.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { type Shape, sizeOf, type Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';
import { uploadRunning } from '../support/running.ts';
import { sumInto } from '../support/sum.ts';

// Batches and tensors that need more than 65,535 workgroups, the most that WebGPU dispatches in one dimension.

const device = await testDevice();

function uniform(shape: Shape, random: Random): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-1, 1));
}

/** Output and gradient of x of the last of `n` equal rows of a batch, run in that batch and alone. */
async function lastAndAlone<In extends Inputs, Attrs>(
  op: Op<In, Attrs>,
  row: Shape,
  parameters: Record<string, Tensor>,
  attrs: Attrs,
  n: number,
): Promise<[Float32Array, Float32Array][]> {
  const data = uniform(row, new Random(2));
  const run = async (count: number) => {
    const all = new Float32Array(count * data.length);
    all.set(data, all.length - data.length);
    const { y, dx } = device.tidy(() => {
      const tape = new Tape(device);
      const x = tape.watch(device.upload(all, [count, ...row]));
      const y = tape.run(op, { x, ...parameters } as unknown as In, attrs);
      const dy = device.upload(new Float32Array(sizeOf(y.shape)).fill(0.5), y.shape);
      return { y, dx: tape.backward(y, dy).get(x)! };
    });
    const values = [await device.read(y), await device.read(dx)];
    for (const tensor of [y, dx]) device.release(tensor);
    return values.map((array) => array.subarray(array.length - array.length / count));
  };
  const [many, alone] = [await run(n), await run(1)];
  return many.map((values, i) => [values, alone[i]]);
}

const parameter = (shape: Shape, value = 0.5) => device.upload(new Float32Array(sizeOf(shape)).fill(value), shape);

test('linear with 262,145 rows', async () => {
  for (const [got, want] of await lastAndAlone(linear, [1], { weight: parameter([1, 1]) }, {}, 262_145)) {
    expect(got).toEqual(want);
  }
});

test('squeezeExcite with 262,145 images', async () => {
  const layers = {
    ...{ reduceWeight: parameter([1, 1, 1, 1]), reduceBias: parameter([1]) },
    ...{ expandWeight: parameter([1, 1, 1, 1]), expandBias: parameter([1]) },
  };
  const attrs = { activation: 'gelu', gate: 'sigmoid' } as const;
  for (const [got, want] of await lastAndAlone(squeezeExcite, [1, 1, 1], layers, attrs, 262_145)) {
    expect(relativeError(got, want)).toBeLessThan(1e-6);
  }
});

const evaluation = (c: number) => {
  const running = uploadRunning(device, new Float32Array(c).fill(0.1), new Float32Array(c).fill(2));
  return { training: false, running, momentum: 0.1, eps: 1e-5, activation: 'none' } as const;
};

test('batchNorm of 65,537 large planes', async () => {
  const parameters = { gamma: parameter([1]), beta: parameter([1]) };
  for (const [got, want] of await lastAndAlone(batchNorm, [1, 5, 13], parameters, evaluation(1), 65_537)) {
    expect(got).toEqual(want);
  }
});

test('batchNorm of 65,536 channels of large planes', async () => {
  const c = 65_536;
  const x = device.upload(uniform([1, c, 5, 13], new Random(2)), [1, c, 5, 13]);
  const inputs = { x, gamma: parameter([c]), beta: parameter([c]) };
  const y = await device.read(new Tape(device).run(batchNorm, inputs, evaluation(c)));
  const want = (await device.read(x)).map((value) => (0.5 * (value - 0.1)) / Math.sqrt(2 + 1e-5) + 0.5);
  expect(relativeError(y, want)).toBeLessThan(1e-6);
});

test('65,537 pictures are normalised', async () => {
  const shape = [65_537, 2, 1, 1];
  const bytes = Uint8Array.from({ length: sizeOf(shape) }, (_, i) => i % 251);
  const images = device.tensor(shape);
  normalize(device, { pixels: device.upload(bytes, shape, 'u8'), images, mean: [0.5, 0], std: [1, 2] });
  const want = Float32Array.from(bytes, (value, i) => (i % 2 === 0 ? value / 255 - 0.5 : value / 510));
  expect(relativeError(await device.read(images), want)).toBeLessThan(1e-6);
});

test('a merged sum has more elements than one dimension of workgroups', async () => {
  const count = 65_535 * 64 + 1;
  const partial = device.upload(
    Float32Array.from({ length: 2 * count }, (_, i) => i % 1000),
    [2, count],
  );
  const [total, small] = [device.tensor([count]), device.tensor([1])];
  merge(device, [
    { partial, column: 0, total },
    { partial: parameter([3, 1]), column: 0, total: small },
  ]);
  const want = Float32Array.from({ length: count }, (_, i) => (i % 1000) + ((count + i) % 1000));
  expect(relativeError(await device.read(total), want)).toBe(0);
  expect([...(await device.read(small))]).toEqual([1.5]);
  for (const tensor of [partial, total, small]) device.release(tensor);
});

/** For element i of [N,C]: 0, but for channel 7·n of picture n. */
const oneOf = (c: number) => (_: unknown, i: number) => Number(i % c === 7 * Math.floor(i / c));

test('the gradients of a gate of 4,096 channels, 1,025 of them reduced', async () => {
  const [n, c, r] = [9, 4096, 1025];
  const upload = (shape: Shape, seed: number) => device.upload(uniform(shape, new Random(seed)), shape);
  const tensors = {
    ...{ squeezed: upload([n, c], 1), reduced: upload([n, r], 2), gate: upload([n, c], 3) },
    ...{ reduceWeight: upload([r, c, 1, 1], 4), expandWeight: upload([c, r, 1, 1], 5) },
    // One channel of each picture has a gradient, so that no sum over 4,096 channels rounds.
    ...{ x: upload([n, c, 1, 1], 6), dy: device.upload(Float32Array.from({ length: n * c }, oneOf(c)), [n, c, 1, 1]) },
  };
  const total = device.tensor([r, c, 1, 1]);
  const attrs = { activation: 'relu', gate: 'sigmoid' } as const;
  sumInto(device, total, (reduceWeight) => {
    backwardGate(device, { ...tensors, savedGate: tensors.gate }, attrs, { reduceWeight });
  });
  const { x, dy, gate, squeezed, reduced, expandWeight } = tensors;
  const [xs, dys, gates, means, hidden, weights] = await Promise.all(
    [x, dy, gate, squeezed, reduced, expandWeight].map((tensor) => device.read(tensor)),
  );
  const want = new Float64Array(r * c);
  for (let image = 0; image < n; image++) {
    const dreduced = new Float64Array(r);
    for (let i = image * c; i < (image + 1) * c; i++) {
      const dexpanded = xs[i] * dys[i] * gates[i] * (1 - gates[i]);
      for (let j = 0; j < r; j++) dreduced[j] += dexpanded * weights[(i % c) * r + j];
    }
    for (let j = 0; j < r; j++) {
      if (hidden[image * r + j] <= 0) continue;
      for (let k = 0; k < c; k++) want[j * c + k] += dreduced[j] * means[image * c + k];
    }
  }
  expect(relativeError(await device.read(total), want)).toBeLessThan(1e-6);
  for (const tensor of [...Object.values(tensors), total]) device.release(tensor);
});

test('a dispatch of more workgroups is refused in one line', () => {
  const c = 65_536;
  const inputs = { x: device.tensor([2, c, 1, 1]), gamma: parameter([c]), beta: parameter([c]) };
  const run = () => new Tape(device).run(batchNorm, inputs, { ...evaluation(c), training: true });
  expect(run).toThrow(
    'kernels/batch_norm/statistics.wgsl: workgroups must be 1 to 65535 in each dimension, got [65536,1,1]',
  );
});
