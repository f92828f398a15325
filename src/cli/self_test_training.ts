import { adamw, hyperparameters } from '../../kernels/adamw/launch.ts';
import { Reference } from '../../kernels/adamw/reference.ts';
import { draw } from '../../kernels/augment/draw.ts';
import { augment, mix } from '../../kernels/augment/launch.ts';
import { reference as augmentReference, mixReference } from '../../kernels/augment/reference.ts';
import { HostArray } from '../../kernels/common/reference.ts';
import { accumulate, copy } from '../../kernels/elementwise/launch.ts';
import { clip, gradNorm } from '../../kernels/grad_norm/launch.ts';
import * as sgdKernels from '../../kernels/sgd/launch.ts';
import { Reference as SGDReference } from '../../kernels/sgd/reference.ts';
import { Random } from '../data/random.ts';
import { shapes } from '../data/shapes.ts';
import type { Device } from '../runtime/device.ts';
import { paperRecipe } from '../train/recipe.ts';
import { type Check, relativeError } from './self_test.ts';

const SIZE = 300;
const SETTINGS = { learningRate: 0.01, weightDecay: 0.02, beta1: 0.9, beta2: 0.99, eps: 1e-8, step: 1 };
const LIMITS = { maxNorm: 1, averageDecay: 0.9 };

/** Random weights and gradients on the host, and what an optimizer's launch takes on the device. */
function drawStep(device: Device) {
  const random = new Random(1);
  const draw = () => Float64Array.from({ length: SIZE }, () => Math.fround(random.normal()));
  const [start, gradient] = [draw(), draw()];
  const upload = (data: ArrayLike<number>) => device.upload(Float32Array.from(data), [data.length]);
  const zeros = () => upload(new Float32Array(SIZE));
  return { start, gradient, upload, zeros, parameter: upload(start), scaled: upload(gradient), average: upload(start) };
}

const adamwCheck: Check = {
  name: 'AdamW with clipped gradients',
  tolerance: 1e-4,
  async prepare(device) {
    const { start, gradient, upload, zeros, parameter, scaled, average } = drawStep(device);
    const tensors = { parameter, gradient: scaled, average: zeros() };
    const moments = { moment1: zeros(), moment2: zeros(), moment2Max: zeros() };
    const hyper = upload(hyperparameters({ ...SETTINGS, ...LIMITS }));
    const norm = device.tensor([1]);
    const clipped = device.tensor([SIZE]);
    const recording = await device.record(() => {
      copy(device, { source: average, copy: tensors.average });
      gradNorm(device, { gradient: scaled, norm });
      clip(device, { gradient: scaled, norm, maxNorm: LIMITS.maxNorm, clipped });
      adamw(device, { ...tensors, ...moments, norm, hyper });
    });
    const expected = new Reference(start.slice(), true);
    expected.step(gradient, { ...SETTINGS, ...LIMITS });
    const scale = LIMITS.maxNorm / Math.hypot(...gradient);
    const error = async () =>
      Math.max(
        relativeError(await device.read(parameter), expected.parameter),
        relativeError(await device.read(tensors.average), expected.average),
        relativeError(
          await device.read(clipped),
          gradient.map((g) => scale * g),
        ),
      );
    return { recording, error };
  },
};

const sgdCheck: Check = {
  name: 'SGD with momentum',
  tolerance: 1e-4,
  async prepare(device) {
    const { start, gradient, upload, zeros, parameter, scaled, average } = drawStep(device);
    const settings = { learningRate: 0.01, weightDecay: 0.02, momentum: 0.9, ...LIMITS };
    const hyper = upload(sgdKernels.hyperparameters(settings));
    const norm = upload([Math.hypot(...gradient), 1]);
    const tensors = { parameter, gradient: scaled, average, velocity: zeros(), norm, hyper };
    const recording = await device.record(() => sgdKernels.sgd(device, tensors));
    const expected = new SGDReference(start.slice());
    expected.step(gradient, settings);
    const error = async () =>
      Math.max(
        relativeError(await device.read(parameter), expected.parameter),
        relativeError(await device.read(average), expected.average),
      );
    return { recording, error };
  },
};

const augmentCheck: Check = {
  name: 'augmentation and mixup',
  tolerance: 1e-4,
  async prepare(device) {
    const { images: bytes, length, channels, height, width } = shapes({ train: 8, validation: 1 }).train;
    const shape = [length, channels, height, width];
    const [seed, step] = [3, 4];
    const options = { ...paperRecipe, rotation: 20, saturation: 0.5, erase: 0.5 };
    const drawn = Array.from({ length }, (_, n) => draw(seed, step, n, options, [height, width]));
    const host = new HostArray(shape, Float64Array.from(bytes));
    const expected = augmentReference(host, drawn, [...paperRecipe.mean], [...paperRecipe.std]);
    const images = device.tensor(shape);
    const launch = {
      ...options,
      images,
      pixels: device.upload(bytes, shape),
      seed: device.upload(Uint32Array.of(seed, step), [2]),
    };
    const share = device.upload(Float32Array.of(0.7), [1]);
    const recording = await device.record(() => {
      augment(device, launch);
      mix(device, { images, share });
    });
    const mixed = mixReference(expected, 0.7);
    return { recording, error: async () => relativeError(await device.read(images), mixed.data) };
  },
};

const accumulateCheck: Check = {
  name: 'gradients of micro-batches',
  tolerance: 1e-6,
  async prepare(device) {
    const { start, gradient, upload, parameter: sum, scaled: part } = drawStep(device);
    const share = upload([0.25]);
    const recording = await device.record(() => accumulate(device, { part, share, sum }));
    const expected = start.map((value, i) => value + 0.25 * gradient[i]);
    return { recording, error: async () => relativeError(await device.read(sum), expected) };
  },
};

/** Checks of the parts of a training step around the net: augmentation, micro-batches and the optimizers. */
export const trainingChecks: readonly Check[] = [augmentCheck, accumulateCheck, adamwCheck, sgdCheck];
