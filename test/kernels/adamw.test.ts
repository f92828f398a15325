import { expect, test } from 'vitest';
import { adamw, hyperparameters } from '../../kernels/adamw/launch.ts';
import { Reference } from '../../kernels/adamw/reference.ts';
import { gradNorm } from '../../kernels/grad_norm/launch.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

const learningRates = [0.01, 0.008, 0.009, 0.001, 0.002, 0.005];
const weightDecays = [0.0156, 0.0156, 0.0156, 0.0014, 0.0014, 0.0014];
const beta1s = [0.95, 0.9, 0.85, 0.9, 0.92, 0.95];

for (const length of [37, 256, 260]) {
  for (const amsgrad of [false, true]) {
    for (const options of ['plain', 'clipped and averaged']) {
      test(`six steps of AdamW over ${length} parameters, amsgrad ${amsgrad}, ${options}`, async () => {
        const device = await testDevice();
        const random = new Random(length);
        const start = normal([length], random);
        const extras = options !== 'plain';
        const maxNorm = extras ? 3 : Number.POSITIVE_INFINITY;
        const reference = new Reference(start.data.slice(), amsgrad);

        const vector = () => device.upload(new Float32Array(length), [length]);
        const parameter = upload(device, start);
        const average = extras ? upload(device, start) : undefined;
        const norm = extras ? device.tensor([1]) : undefined;
        const moments = { moment1: vector(), moment2: vector(), moment2Max: amsgrad ? vector() : undefined };
        const gradient = device.tensor([length]);
        const hyper = device.tensor([11]);
        for (let i = 0; i < 6; i++) {
          // Shrinking gradients, so that amsgrad's maximum matters and some are below the largest norm.
          const g = normal([length], random).data.map((value) => value / 2 ** i);
          const settings = {
            learningRate: learningRates[i],
            weightDecay: weightDecays[i],
            beta1: beta1s[i],
            beta2: 0.9,
            eps: 1e-8,
            step: i + 1,
            maxNorm,
            averageDecay: 0.9,
          };
          reference.step(g, settings);
          device.write(gradient, Float32Array.from(g));
          device.write(hyper, hyperparameters(settings));
          device.tidy(() => {
            if (norm) gradNorm(device, { gradient, norm });
            adamw(device, { parameter, gradient, ...moments, average, norm, hyper });
          });
          expect(relativeError(await device.read(parameter), reference.parameter)).toBeLessThan(1e-6);
          if (average) expect(relativeError(await device.read(average), reference.average)).toBeLessThan(1e-6);
        }
      });
    }
  }
}

test('AdamW of a scaled gradient: the same step, or none at all', async () => {
  const device = await testDevice();
  const start = normal([64], new Random(1));
  const g = normal([64], new Random(2));
  const settings = { learningRate: 0.01, weightDecay: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-8, step: 1 };
  const hyper = device.tensor([11]);
  device.write(hyper, hyperparameters({ ...settings, maxNorm: 1, averageDecay: 0.9 }));
  const run = async (factor: number, norm: number[]) => {
    const zeros = () => device.upload(new Float32Array(64), [64]);
    const state = { parameter: upload(device, start), moment1: zeros(), moment2: zeros(), moment2Max: zeros() };
    const gradient = device.upload(
      Float32Array.from(g.data, (value) => factor * value),
      [64],
    );
    adamw(device, { ...state, gradient, hyper, norm: device.upload(Float32Array.from(norm), [norm.length]) });
    return Promise.all(Object.values(state).map((tensor) => device.read(tensor)));
  };
  const length = Math.hypot(...g.data);
  expect(await run(256, [length, 1 / 256])).toEqual(await run(1, [length]));
  const [parameter, ...moments] = await run(Number.NaN, [Number.NaN, 0]);
  expect(parameter).toEqual(Float32Array.from(start.data));
  for (const moment of moments) expect(moment).toEqual(new Float32Array(64));
});
