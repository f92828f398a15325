import { augment } from '../../kernels/augment/launch.ts';
import { batchNorm } from '../autograd/ops/batch_norm.ts';
import { crossEntropy } from '../autograd/ops/cross_entropy.ts';
import { globalAvgPool } from '../autograd/ops/global_avg_pool.ts';
import { Tape } from '../autograd/tape.ts';
import { Random } from '../data/random.ts';
import { shapes } from '../data/shapes.ts';
import { AdamW } from '../nn/adamw.ts';
import { ParameterSet } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import { type Tensor, view } from '../runtime/tensor.ts';
import { type Precision, shapesRecipe } from '../train/recipe.ts';
import { trainingStep } from '../train/step.ts';
import { presets } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';
import { type Check, relativeError } from './self_test.ts';

const BATCH = 8;
/** Narrow and of one width, so that few kernels have to be compiled. */
const CONFIG = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
/** Loss scale of mixed precision. */
const LOSS_SCALE = 1024;

/** Creates a net with an optimizer, and a batch of `shapes`. */
function createTraining(device: Device, precision: Precision) {
  const net = new YYNet(CONFIG);
  const parameters = new ParameterSet(device, net, new Random(1));
  const recipe = { ...shapesRecipe, precision };
  const optimizer = new AdamW(device, parameters, { ...recipe, scaled: precision === 'mixed' });
  if (precision === 'mixed') device.write(optimizer.guard, Float32Array.of(LOSS_SCALE, 0, 0));
  optimizer.prepare({ learningRate: 1e-2, weightDecay: 1e-2, beta1: 0.9 });
  const { images, labels, channels, height, width } = shapes({ train: BATCH, validation: 1 }).train;
  return {
    context: {
      ...{ device, module: net, parameters, optimizer, recipe },
      seed: device.upload(Uint32Array.of(1, 2), [2]),
      totals: device.upload(new Float32Array(2), [2]),
    },
    batch: {
      pixels: device.upload(images, [BATCH, channels, height, width]),
      targets: device.upload(labels, [BATCH]),
    },
  };
}

/** Returns the results of a step: the gradients, the running statistics and the loss, one array each. */
async function resultsOf(device: Device, parameters: ParameterSet, loss: Tensor) {
  const state = Object.entries(await parameters.stateDict());
  const running = state.flatMap(([name, { data }]) => (name.includes('running_') ? [...data] : []));
  return [await device.read(parameters.gradients), running, await device.read(loss)];
}

/** Runs a step without fused blocks. Returns its results. */
async function layeredStep(device: Device): Promise<ArrayLike<number>[]> {
  const { context, batch } = createTraining(device, 'f32');
  const { module: net, parameters, recipe, seed } = context;
  const loss = device.tidy(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    const images = device.tensor(batch.pixels.shape);
    augment(device, { ...recipe, pixels: batch.pixels, seed, images });
    const logits = net.forward({ tape, training: true, fused: false, seed }, images);
    const loss = tape.run(crossEntropy, { logits }, { ...recipe, targets: batch.targets });
    tape.backward(loss, device.upload(Float32Array.of(1), [1]));
    return loss;
  });
  return resultsOf(device, parameters, loss);
}

const stepCheck = (precision: Precision, tolerance: number): Check => ({
  name: `training step in ${precision}`,
  tolerance,
  async prepare(device) {
    const expected = await layeredStep(device);
    const { context, batch } = createTraining(device, precision);
    const recording = await device.record(() => trainingStep(context, batch));
    const error = async () => {
      const [gradients, ...otherResults] = await resultsOf(device, context.parameters, recording.result.loss);
      const scale = precision === 'mixed' ? LOSS_SCALE : 1;
      const got = [Float64Array.from(gradients, (value) => value / scale), ...otherResults];
      return Math.max(...got.map((row, i) => relativeError(row, expected[i])));
    };
    return { recording, error };
  },
});

/** Compares evaluation with and without folded batch norms, after one training step has changed the running statistics. */
const evaluationCheck: Check = {
  name: 'evaluation with folded weights',
  tolerance: 1e-3,
  async prepare(device) {
    const { context, batch } = createTraining(device, 'f32');
    const { module: net, recipe, seed } = context;
    device.tidy(() => trainingStep(context, batch));
    const images = device.tensor(batch.pixels.shape);
    augment(device, { ...recipe, pixels: batch.pixels, seed, images });
    const pass = { tape: new Tape(device), training: false };
    const expected = await device.read(device.tidy(() => net.forward(pass, images)));
    const recording = await device.record(() => net.forward({ ...pass, folded: net.foldBatchNorm(device) }, images));
    return { recording, error: async () => relativeError(await device.read(recording.result), expected) };
  },
};

/** The input's gradient of a frozen batch norm with running statistics (mean 0, variance 1), through a scalar loss. */
const frozenCheck: Check = {
  name: 'frozen batch norm',
  tolerance: 1e-4,
  async prepare(device) {
    const [rows, classes, plane] = [5, 6, 16];
    const random = new Random(2);
    const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
    const [values, scale, offset] = [draw(rows * classes * plane), draw(classes), draw(classes)];
    const x = device.upload(values, [rows, classes, 4, 4]);
    const inputs = { x, gamma: device.upload(scale, [classes]), beta: device.upload(offset, [classes]) };
    const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
    const targets = device.upload(labels, [rows]);
    const statistics = device.upload(new Float32Array(64 + classes).fill(1, 64), [64 + classes]);
    const running = { mean: view(statistics, 0, [classes]), variance: view(statistics, 256, [classes]) };
    const eps = 1e-5;
    const recording = await device.record(() => {
      const tape = new Tape(device);
      tape.watch(x);
      const attrs = { training: false, running, momentum: 0.1, eps, activation: 'none' } as const;
      const logits = tape.run(globalAvgPool, { x: tape.run(batchNorm, inputs, attrs) }, {});
      const loss = tape.run(crossEntropy, { logits }, { targets });
      return tape.backward(loss).get(x)!;
    });
    const expected = new Float64Array(values.length);
    for (let n = 0; n < rows; n++) {
      const at = (k: number) => values.subarray((n * classes + k) * plane, (n * classes + k + 1) * plane);
      const exponentials = Array.from(scale, (gamma, k) => {
        const mean = at(k).reduce((sum, value) => sum + value, 0) / plane;
        return Math.exp((gamma * mean) / Math.sqrt(1 + eps) + offset[k]);
      });
      const total = exponentials.reduce((a, b) => a + b);
      for (let k = 0; k < classes; k++) {
        const dlogit = (exponentials[k] / total - (labels[n] === k ? 1 : 0)) / rows;
        const first = (n * classes + k) * plane;
        expected.fill((dlogit * scale[k]) / Math.sqrt(1 + eps) / plane, first, first + plane);
      }
    }
    return { recording, error: async () => relativeError(await device.read(recording.result), expected) };
  },
};

/** Checks of a whole net: training with fused blocks and evaluation with folded batch norms, both against single layers. */
export const netChecks = (device: Device): readonly Check[] => [
  stepCheck('f32', 1e-4),
  ...(device.gpu.features.has('shader-f16') ? [stepCheck('mixed', 0.1)] : []),
  evaluationCheck,
  frozenCheck,
];
