import { adamw, hyperparameters } from '../../kernels/adamw/launch.ts';
import { Reference } from '../../kernels/adamw/reference.ts';
import { draw } from '../../kernels/augment/draw.ts';
import { augment } from '../../kernels/augment/launch.ts';
import { reference as augmented } from '../../kernels/augment/reference.ts';
import { HostArray } from '../../kernels/common/reference.ts';
import { copy } from '../../kernels/elementwise/launch.ts';
import { clip, gradNorm } from '../../kernels/grad_norm/launch.ts';
import { Random } from '../data/random.ts';
import { shapes } from '../data/shapes.ts';
import { paperRecipe } from '../train/recipe.ts';
import { type Check, relativeError } from './self_test.ts';

const SIZE = 300;
const SETTINGS = { learningRate: 0.01, weightDecay: 0.02, beta1: 0.9, beta2: 0.99, eps: 1e-8, step: 1 };
const LIMITS = { maxNorm: 1, averageDecay: 0.9 };

const adamwCheck: Check = {
  name: 'AdamW with clipped gradients',
  tolerance: 1e-4,
  async prepare(device) {
    const random = new Random(1);
    const draw = () => Float64Array.from({ length: SIZE }, () => Math.fround(random.normal()));
    const [start, gradient] = [draw(), draw()];
    const upload = (data: ArrayLike<number>) => device.upload(Float32Array.from(data), [data.length]);
    const zeros = () => upload(new Float32Array(SIZE));
    const moments = { moment1: zeros(), moment2: zeros(), moment2Max: zeros() };
    const given = { parameter: upload(start), gradient: upload(gradient), average: zeros(), ...moments };
    const hyper = upload(hyperparameters({ ...SETTINGS, ...LIMITS }));
    const norm = device.tensor([1]);
    const clipped = device.tensor([SIZE]);
    const recording = await device.record(() => {
      copy(device, { source: given.parameter, copy: given.average });
      gradNorm(device, { gradient: given.gradient, norm });
      clip(device, { gradient: given.gradient, norm, maxNorm: LIMITS.maxNorm, clipped });
      adamw(device, { ...given, norm, hyper });
    });
    const want = new Reference(start.slice(), true);
    want.step(gradient, { ...SETTINGS, ...LIMITS });
    const scale = LIMITS.maxNorm / Math.hypot(...gradient);
    const error = async () =>
      Math.max(
        relativeError(await device.read(given.parameter), want.parameter),
        relativeError(await device.read(given.average), want.average),
        relativeError(
          await device.read(clipped),
          gradient.map((g) => scale * g),
        ),
      );
    return { recording, error };
  },
};

const augmentCheck: Check = {
  name: 'augmentation',
  tolerance: 1e-4,
  async prepare(device) {
    const { images: bytes, length, channels, height, width } = shapes({ train: 8, validation: 1 }).train;
    const shape = [length, channels, height, width];
    const [seed, step] = [3, 4];
    const drawn = Array.from({ length }, (_, n) => draw(seed, step, n, paperRecipe));
    const host = new HostArray(shape, Float64Array.from(bytes));
    const want = augmented(host, drawn, [...paperRecipe.mean], [...paperRecipe.std]);
    const images = device.tensor(shape);
    const launch = {
      ...paperRecipe,
      images,
      pixels: device.upload(bytes, shape, 'u8'),
      seed: device.upload(Uint32Array.of(seed, step), [2], 'u32'),
    };
    const recording = await device.record(() => augment(device, launch));
    return { recording, error: async () => relativeError(await device.read(images), want.data) };
  },
};

/** What a training step does besides the net: augmentation and the optimizer. */
export const trainingChecks: readonly Check[] = [augmentCheck, adamwCheck];
