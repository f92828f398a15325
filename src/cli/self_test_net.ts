import { augment } from '../../kernels/augment/launch.ts';
import { crossEntropy } from '../autograd/ops/cross_entropy.ts';
import { Tape } from '../autograd/tape.ts';
import { Random } from '../data/random.ts';
import { shapes } from '../data/shapes.ts';
import { AdamW } from '../nn/adamw.ts';
import { ParameterSet } from '../nn/parameters.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import { type Precision, shapesRecipe } from '../train/recipe.ts';
import { trainingStep } from '../train/step.ts';
import { presets } from '../yinyang/config.ts';
import { YYNet } from '../yinyang/yynet.ts';
import { type Check, relativeError } from './self_test.ts';

const BATCH = 8;
/** Narrow, and of one width, so that its blocks share what has to be compiled. */
const CONFIG = { ...presets['yynet-16'], channels: 4, bodyChannels: 4, hidden: 8 };
/** What the loss of mixed precision is multiplied with. */
const SCALE = 1024;

/** A net about to be trained on a batch of `shapes`. */
function begin(device: Device, precision: Precision) {
  const net = new YYNet(CONFIG);
  const parameters = new ParameterSet(device, net, new Random(1));
  const recipe = { ...shapesRecipe, precision };
  const optimizer = new AdamW(device, parameters, { ...recipe, scaled: precision === 'mixed' });
  if (precision === 'mixed') device.write(optimizer.guard, Float32Array.of(SCALE, 0, 0));
  optimizer.prepare({ learningRate: 1e-2, weightDecay: 1e-2, beta1: 0.9 });
  const { images, labels, channels, height, width } = shapes({ train: BATCH, validation: 1 }).train;
  return {
    context: {
      ...{ device, net, parameters, optimizer, recipe },
      seed: device.upload(Uint32Array.of(1, 2), [2], 'u32'),
      totals: device.upload(new Float32Array(2), [2]),
    },
    batch: {
      pixels: device.upload(images, [BATCH, channels, height, width], 'u8'),
      targets: device.upload(labels, [BATCH], 'i32'),
    },
  };
}

/** What a step leaves: the gradients, the running statistics and the loss, each in a row. */
async function results(device: Device, parameters: ParameterSet, loss: Tensor) {
  const state = Object.entries(await parameters.stateDict());
  const running = state.flatMap(([name, { data }]) => (name.includes('running_') ? [...data] : []));
  return [await device.read(parameters.gradients), running, await device.read(loss)];
}

/** The same of a step that the ops take one by one. */
async function layeredStep(device: Device): Promise<ArrayLike<number>[]> {
  const { context, batch } = begin(device, 'f32');
  const { net, parameters, recipe, seed } = context;
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
  return results(device, parameters, loss);
}

const stepCheck = (precision: Precision, tolerance: number): Check => ({
  name: `training step in ${precision}`,
  tolerance,
  async prepare(device) {
    const want = await layeredStep(device);
    const { context, batch } = begin(device, precision);
    const recording = await device.record(() => trainingStep(context, batch));
    const error = async () => {
      const [gradients, ...others] = await results(device, context.parameters, recording.result.loss);
      const scale = precision === 'mixed' ? SCALE : 1;
      const got = [Float64Array.from(gradients, (value) => value / scale), ...others];
      return Math.max(...got.map((row, i) => relativeError(row, want[i])));
    };
    return { recording, error };
  },
});

/** A net whose normalisations have moved, evaluated with folded weights and layer by layer. */
const evaluationCheck: Check = {
  name: 'evaluation with folded weights',
  tolerance: 1e-3,
  async prepare(device) {
    const { context, batch } = begin(device, 'f32');
    const { net, recipe, seed } = context;
    device.tidy(() => trainingStep(context, batch));
    const images = device.tensor(batch.pixels.shape);
    augment(device, { ...recipe, pixels: batch.pixels, seed, images });
    const pass = { tape: new Tape(device), training: false };
    const want = await device.read(device.tidy(() => net.forward(pass, images)));
    const recording = await device.record(() => net.forward({ ...pass, folded: net.fold(device) }, images));
    return { recording, error: async () => relativeError(await device.read(recording.result), want) };
  },
};

/** Whole nets: training in single ops and evaluation with folded weights, both against the layers one by one. */
export const netChecks = (device: Device): readonly Check[] => [
  stepCheck('f32', 1e-4),
  ...(device.gpu.features.has('shader-f16') ? [stepCheck('mixed', 0.1)] : []),
  evaluationCheck,
];
