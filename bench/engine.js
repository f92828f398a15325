// A net with a recorded training step and recorded inference, for one batch size.
import { AdamW, ParameterSet, Random, Tape, trainingStep } from '../dist/engine.js';
import { models } from '../dist/index.js';

const SETTINGS = { learningRate: 1e-2, weightDecay: 1.56e-2, beta1: 0.9 };

export class Engine {
  #steps = 0;

  /** Records the training step. */
  static async create(device, { model, batch, recipe }) {
    const { architecture, config } = models[model];
    const { module: net } = architecture.create(config);
    const parameters = new ParameterSet(device, net, new Random(0));
    const optimizer = new AdamW(device, parameters, { ...recipe, scaled: recipe.precision === 'mixed' });
    const tensors = {
      pixels: device.tensor([batch, config.inputChannels, config.inputSize, config.inputSize], 'u8'),
      targets: device.tensor([batch], 'i32'),
      seed: device.tensor([2], 'u32'),
      totals: device.upload(new Float32Array(2), [2]),
    };
    const context = { device, module: net, parameters, optimizer, recipe, ...tensors };
    const step = await device.record(() => trainingStep(context, tensors));
    return new Engine(context, step);
  }

  constructor(context, step) {
    Object.assign(this, context);
    this.step = step;
  }

  /** Runs one step on u8 pixels [N,C,H,W] and i32 targets [N]: uploads them and waits until the weights are updated. */
  async train(pixels, targets) {
    this.queueStep(pixels, targets);
    await this.device.done();
  }

  /** The part of a step on this thread: uploads the batch, encodes the dispatches and submits them. */
  queueStep(pixels, targets) {
    const { device } = this;
    device.write(this.pixels, pixels);
    device.write(this.targets, targets);
    device.write(this.seed, Uint32Array.of(0, this.#steps++));
    this.optimizer.prepare(SETTINGS);
    this.step.run();
  }

  /** Returns the loss of the last step. */
  async loss() {
    const [loss] = await this.device.read(this.step.result.loss);
    return loss;
  }

  /** Records inference with the current weights. Returns an async function from normalised images [N,C,H,W] to logits. */
  async inference() {
    const { device, module: net } = this;
    const x = device.tensor(this.pixels.shape);
    const folding = await device.record(() => net.foldBatchNorm(device));
    folding.run();
    const pass = { tape: new Tape(device), training: false, folded: folding.result };
    const recording = await device.record(() => net.forward(pass, x));
    return async (images) => {
      device.write(x, images);
      recording.run();
      return device.read(recording.result);
    };
  }
}
