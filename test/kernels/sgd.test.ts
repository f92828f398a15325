import { expect, test } from 'vitest';
import { gradNorm } from '../../kernels/grad_norm/launch.ts';
import { hyperparameters, sgd } from '../../kernels/sgd/launch.ts';
import { Reference } from '../../kernels/sgd/reference.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

const device = await testDevice();

/** The unscaled guard of an optimizer before its first step. */
const freshGuard = () => device.upload(Float32Array.of(1, 0, 0), [3]);

for (const length of [37, 256, 260]) {
  for (const momentum of [0, 0.9]) {
    for (const averageDecay of [0, 0.8]) {
      test(`six steps of SGD over ${length} parameters, momentum ${momentum}, average ${averageDecay}`, async () => {
        const random = new Random(length);
        const start = normal([length], random);
        const reference = new Reference(start.data.slice());
        const parameter = upload(device, start);
        const average = averageDecay ? upload(device, start) : undefined;
        const velocity = momentum ? device.upload(new Float32Array(length), [length]) : undefined;
        const [gradient, norm, hyper] = [device.tensor([length]), device.tensor([2]), device.tensor([6])];
        const guard = freshGuard();
        for (let step = 0; step < 6; step++) {
          // Shrinking gradients: the first are clipped, the last are not.
          const g = normal([length], random).data.map((value) => value / 2 ** step);
          const rates = {
            learningRate: 0.1 / (step + 1),
            weightDecay: 0.01 * step,
            momentum,
            maxNorm: 3,
            averageDecay,
          };
          reference.step(g, rates);
          device.write(gradient, Float32Array.from(g));
          device.write(hyper, hyperparameters(rates));
          device.tidy(() => {
            gradNorm(device, { gradient, norm, guard });
            sgd(device, { parameter, gradient, velocity, average, norm, hyper });
          });
          expect(relativeError(await device.read(parameter), reference.parameter)).toBeLessThan(1e-6);
          if (average) expect(relativeError(await device.read(average), reference.average)).toBeLessThan(1e-6);
        }
      });
    }
  }
}

test('SGD of a scaled gradient: the same step, or none at all', async () => {
  const start = normal([64], new Random(1));
  const g = normal([64], new Random(2));
  const rates = { learningRate: 0.1, weightDecay: 0.01, momentum: 0.9, maxNorm: 1, averageDecay: 0.9 };
  const hyper = device.upload(hyperparameters(rates), [6]);
  const run = async (factor: number, norm: number[]) => {
    const state = { parameter: upload(device, start), average: upload(device, start), velocity: upload(device, g) };
    const scaled = Float32Array.from(g.data, (value) => factor * value);
    const gradient = device.upload(scaled, [64]);
    sgd(device, { ...state, gradient, hyper, norm: device.upload(Float32Array.from(norm), [2]) });
    return Promise.all(Object.values(state).map((tensor) => device.read(tensor)));
  };
  const length = Math.hypot(...g.data);
  expect(await run(256, [length, 1 / 256])).toEqual(await run(1, [length, 1]));
  const [parameter, average, velocity] = await run(Number.NaN, [Number.NaN, 0]);
  expect(parameter).toEqual(Float32Array.from(start.data));
  expect(average).toEqual(Float32Array.from(start.data));
  expect(velocity).toEqual(Float32Array.from(g.data));
});
