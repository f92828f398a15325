// A net of ours as the benchmarks run it: the recorded training step, and inference, on batches of one size.
import { AdamW, ParameterSet, presets, Random, Tape, trainingStep, YYNet } from '../dist/node.js';

const SETTINGS = { learningRate: 1e-2, weightDecay: 1.56e-2, beta1: 0.9 };

export class Engine {
  #steps = 0;

  /** Records the training step. */
  static async create(device, { model, batch, recipe }) {
    const config = presets[model];
    const net = new YYNet(config);
    const parameters = new ParameterSet(device, net, new Random(0));
    const optimizer = new AdamW(device, parameters, { ...recipe, scaled: recipe.precision === 'mixed' });
    const tensors = {
      pixels: device.tensor([batch, config.inputChannels, config.inputSize, config.inputSize], 'u8'),
      targets: device.tensor([batch], 'i32'),
      seed: device.tensor([2], 'u32'),
      totals: device.upload(new Float32Array(2), [2]),
    };
    const context = { device, net, parameters, optimizer, recipe, ...tensors };
    const step = await device.record(() => trainingStep(context, tensors));
    return new Engine(context, step);
  }

  constructor(context, step) {
    Object.assign(this, context);
    this.step = step;
  }

  /** One step on u8 pixels [N,C,H,W] and i32 targets [N], from their upload to the last weight. */
  async train(pixels, targets) {
    const { device } = this;
    device.write(this.pixels, pixels);
    device.write(this.targets, targets);
    device.write(this.seed, Uint32Array.of(0, this.#steps++));
    this.optimizer.prepare(SETTINGS);
    this.step.run();
    await device.done();
  }

  /** The last step's loss. */
  async loss() {
    const [loss] = await this.device.read(this.step.result.loss);
    return loss;
  }

  /** Records inference with the weights as they are now. Returns a function from normalised images [N,C,H,W] to logits. */
  async inference() {
    const { device, net } = this;
    const images = device.tensor(this.pixels.shape);
    const folding = await device.record(() => net.fold(device));
    folding.run();
    const pass = { tape: new Tape(device), training: false, folded: folding.result };
    const recording = await device.record(() => net.forward(pass, images));
    return async (pictures) => {
      device.write(images, pictures);
      recording.run();
      return device.read(recording.result);
    };
  }
}
