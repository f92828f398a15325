import { clip, gradNorm } from '../../kernels/grad_norm/launch.ts';
import type { Inputs, Op } from '../../src/autograd/op.ts';
import { type ActivationKind, activation } from '../../src/autograd/ops/activation.ts';
import { batchNorm } from '../../src/autograd/ops/batch_norm.ts';
import { conv3x3 } from '../../src/autograd/ops/conv3x3.ts';
import { crossEntropy } from '../../src/autograd/ops/cross_entropy.ts';
import { depthwise } from '../../src/autograd/ops/depthwise.ts';
import { type FusionFormula, fuse } from '../../src/autograd/ops/fuse.ts';
import { globalAvgPool } from '../../src/autograd/ops/global_avg_pool.ts';
import { linear } from '../../src/autograd/ops/linear.ts';
import { maxPool } from '../../src/autograd/ops/max_pool.ts';
import { pointwise } from '../../src/autograd/ops/pointwise.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { MBConv, Residual } from '../../src/nn/blocks.ts';
import { type Activation, type Gate, SqueezeExcite } from '../../src/nn/layers.ts';
import { Module, Parameter } from '../../src/nn/module.ts';
import { ParameterSet, type StateDict } from '../../src/nn/parameters.ts';
import { OneCycle } from '../../src/nn/schedule.ts';
import type { Device } from '../../src/runtime/device.ts';
import type { Shape, Tensor } from '../../src/runtime/tensor.ts';
import { presets } from '../../src/yinyang/config.ts';
import { YYNet } from '../../src/yinyang/yynet.ts';
import { uploadRunning } from '../support/running.ts';
import { type Case, type HostTensor, under } from './fixture.ts';
import type { Results } from './verdict.ts';

type Runner = (device: Device, fixture: Case) => Promise<Results>;

const upload = (device: Device, { shape, data }: HostTensor) =>
  device.upload(data, shape, data instanceof Int32Array ? 'i32' : 'f32');

/** Runs an op forward and backward. `rename` maps the fixtures' input names to the op's where they differ. */
async function runOp<In extends Inputs, Attrs, Saved>(
  device: Device,
  fixture: Case,
  op: Op<In, Attrs, Saved>,
  attrs: Attrs,
  { inputs: names, output = 'y' }: { inputs: Record<string, string>; output?: string },
): Promise<Map<string, Float32Array>> {
  const { tensors } = fixture;
  const inputs: Record<string, Tensor> = {};
  for (const [name, of] of Object.entries(names)) {
    if (tensors[`in.${of}`]) inputs[name] = upload(device, tensors[`in.${of}`]);
  }
  const upstream = upload(device, asVector(tensors[`dout.${output}`]));
  const { y, gradients } = device.tidy(() => {
    const tape = new Tape(device);
    for (const input of Object.values(inputs)) tape.watch(input);
    const y = tape.run(op, inputs as unknown as In, attrs);
    return { y, gradients: [...tape.backward(y, upstream)] };
  });
  const results = new Map([[`out.${output}`, await device.read(y)]]);
  for (const [name, of] of Object.entries(names)) {
    const gradient = gradients.find(([leaf]) => leaf === inputs[name]);
    if (gradient) results.set(`grad.${of}`, await device.read(gradient[1]));
  }
  return results;
}

/** PyTorch's scalars have no axes, ours one. */
const asVector = (tensor: HostTensor): HostTensor => (tensor.shape.length === 0 ? { ...tensor, shape: [1] } : tensor);

const same = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]));

/** Runs a block in training mode, forward and backward, then in evaluation mode. */
async function runBlock(device: Device, { tensors }: Case, block: Module): Promise<Results> {
  const parameters = new ParameterSet(device, block, new Random(0));
  parameters.loadStateDict({ ...(await parameters.stateDict()), ...(under('param.', tensors) as StateDict) });
  const x = upload(device, tensors['in.x']);
  const upstream = upload(device, tensors['dout.y']);
  const { y, gradient } = device.tidy(() => {
    const tape = new Tape(device);
    parameters.watch(tape);
    tape.watch(x);
    const y = block.forward({ tape, training: true }, x);
    return { y, gradient: tape.backward(y, upstream).get(x)! };
  });
  const evaluated = device.tidy(() => block.forward({ tape: new Tape(device), training: false }, x));
  return new Map([
    ['out.y', await device.read(y)],
    ['grad.x', await device.read(gradient)],
    ['eval.y', await device.read(evaluated)],
    ...prefixed('grad.', await parameters.vectorDict(parameters.gradients)),
    ...prefixed('out.', await parameters.stateDict()),
  ]);
}

const prefixed = (prefix: string, state: StateDict): [string, Float32Array][] =>
  Object.entries(state).map(([name, { data }]) => [`${prefix}${name}`, data]);

/** A module that is nothing but one parameter. */
class Single extends Module {
  readonly p: Parameter;

  constructor(shape: Shape) {
    super();
    this.p = new Parameter(shape, (s) => new Float32Array(s.reduce((a, b) => a * b, 1)));
  }

  forward(): Tensor {
    return this.p.tensor;
  }
}

async function runAdamW(device: Device, { tensors, attrs }: Case): Promise<Results> {
  const { amsgrad, beta2, eps, learning_rates, weight_decays, beta1s } = attrs as unknown as {
    amsgrad: boolean;
    beta2: number;
    eps: number;
    learning_rates: number[];
    weight_decays: number[];
    beta1s: number[];
  };
  const module = new Single(tensors['in.p'].shape);
  const parameters = new ParameterSet(device, module, new Random(0));
  parameters.loadStateDict({ p: tensors['in.p'] } as StateDict);
  const unclipped = { maxNorm: Number.MAX_VALUE, averageDecay: 0.9 };
  const optimizer = new AdamW(device, parameters, { ...unclipped, amsgrad, beta2, eps });
  const results = new Map<string, Float32Array>();
  for (const [i, learningRate] of learning_rates.entries()) {
    device.write(module.p.gradient!, tensors[`in.grad.${i}`].data);
    optimizer.prepare({ learningRate, weightDecay: weight_decays[i], beta1: beta1s[i] });
    optimizer.step();
    results.set(`out.p.${i}`, (await parameters.stateDict()).p.data);
  }
  return results;
}

async function runClip(device: Device, { tensors, attrs }: Case): Promise<Results> {
  const gradients = Object.entries(under('in.grad.', tensors)).sort(([a], [b]) => Number(a) - Number(b));
  const flat = Float32Array.from(gradients.flatMap(([, { data }]) => [...data]));
  const gradient = device.upload(flat, [flat.length]);
  const norm = device.tensor([1]);
  const clipped = device.tensor([flat.length]);
  gradNorm(device, { gradient, norm });
  clip(device, { gradient, norm, maxNorm: attrs.max_norm as number, clipped });
  const values = await device.read(clipped);
  const results = new Map([['out.norm', await device.read(norm)]]);
  let offset = 0;
  for (const [i, { data }] of gradients) {
    results.set(`out.grad.${i}`, values.subarray(offset, offset + data.length));
    offset += data.length;
  }
  return results;
}

async function runOneCycle(_: Device, { tensors, attrs }: Case): Promise<Results> {
  const { max_lr, epochs, steps_per_epoch } = attrs as { max_lr: number; epochs: number; steps_per_epoch: number };
  const schedule = new OneCycle(max_lr, epochs * steps_per_epoch);
  const points = Array.from(tensors['out.learning_rate'].data, (_, step) => schedule.at(step));
  return new Map([
    ['out.learning_rate', points.map(({ learningRate }) => learningRate)],
    ['out.beta1', points.map(({ beta1 }) => beta1)],
  ]);
}

interface NetAttrs {
  channels: number;
  classes: number;
  activation: Activation;
  gate: Gate;
  fusion: FusionFormula;
  yin: 'mean' | 'first';
  steps: number;
  learning_rate: number;
  weight_decay: number;
  amsgrad: boolean;
  betas: [number, number];
  max_norm: number;
}

/** The whole net: evaluation after one training-mode forward pass, then training steps on one batch. */
async function runNet(device: Device, { tensors, attrs }: Case): Promise<Results> {
  const { channels, classes, activation, gate, fusion, yin, ...training } = attrs as unknown as NetAttrs;
  const config = { ...presets['yynet-16'], channels, bodyChannels: channels, classes, activation, gate, fusion, yin };
  const net = new YYNet(config);
  const parameters = new ParameterSet(device, net, new Random(0));
  const initial = { ...(await parameters.stateDict()), ...(under('param.', tensors) as StateDict) };
  parameters.loadStateDict(initial);
  const x = upload(device, tensors['in.x']);
  const targets = upload(device, tensors['in.target']);
  const results = new Map<string, ArrayLike<number>>();

  device.tidy(() => net.forward({ tape: new Tape(device), training: true }, x));
  const evaluated = device.tidy(() => net.forward({ tape: new Tape(device), training: false }, x));
  results.set('eval.logits', await device.read(evaluated));

  parameters.loadStateDict(initial);
  const { amsgrad, max_norm: maxNorm, learning_rate: learningRate, weight_decay: weightDecay } = training;
  const optimizer = new AdamW(device, parameters, { amsgrad, maxNorm, averageDecay: 0.9, beta2: training.betas[1] });
  const one = device.upload(new Float32Array([1]), [1]);
  const losses: number[] = [];
  const norms: number[] = [];
  for (let step = 0; step < training.steps; step++) {
    optimizer.prepare({ learningRate, weightDecay, beta1: training.betas[0] });
    const { logits, loss, norm } = device.tidy(() => {
      const tape = new Tape(device);
      parameters.watch(tape);
      const logits = net.forward({ tape, training: true }, x);
      const loss = tape.run(crossEntropy, { logits }, { targets, labelSmoothing: 0 });
      tape.backward(loss, one);
      return { logits, loss, norm: optimizer.step() };
    });
    losses.push((await device.read(loss))[0]);
    norms.push((await device.read(norm))[0]);
    if (step === 0) {
      results.set('out.logits.0', await device.read(logits));
      for (const [name, data] of prefixed('grad.', await parameters.vectorDict(parameters.gradients)))
        results.set(name, data);
    }
  }
  return results.set('out.losses', losses).set('out.grad_norms', norms);
}

/** How each op of the fixtures runs on the engine. */
export const runners: Readonly<Record<string, Runner>> = {
  conv2d: (device, fixture) => {
    const { kernel, stride } = fixture.attrs as { kernel: 1 | 3; stride: number };
    const names = { inputs: same('x', 'weight', 'bias') };
    return runOp(device, fixture, kernel === 1 ? pointwise : conv3x3, { stride }, names);
  },
  depthwise_conv2d: (device, fixture) =>
    runOp(device, fixture, depthwise, { stride: fixture.attrs.stride as number }, { inputs: same('x', 'weight') }),
  batch_norm: async (device, fixture) => {
    const { training, momentum, eps, activation } = fixture.attrs as {
      training: boolean;
      momentum: number;
      eps: number;
      activation: 'none' | Activation;
    };
    const { 'in.running_mean': formerMean, 'in.running_var': formerVariance } = fixture.tensors;
    const running = uploadRunning(device, formerMean.data, formerVariance.data);
    const attrs = { training, momentum, eps, activation, running };
    const results = await runOp(device, fixture, batchNorm, attrs, { inputs: same('x', 'gamma', 'beta') });
    results.set('out.running_mean', await device.read(running.mean));
    return results.set('out.running_var', await device.read(running.variance));
  },
  activation: (device, fixture) =>
    runOp(device, fixture, activation, { kind: fixture.attrs.kind as ActivationKind }, { inputs: same('x') }),
  max_pool2d: (device, fixture) => runOp(device, fixture, maxPool, {}, { inputs: same('x') }),
  global_avg_pool: (device, fixture) => runOp(device, fixture, globalAvgPool, {}, { inputs: same('x') }),
  linear: (device, fixture) => runOp(device, fixture, linear, {}, { inputs: same('x', 'weight', 'bias') }),
  cross_entropy: (device, fixture) => {
    const targets = upload(device, fixture.tensors['in.target']);
    const labelSmoothing = fixture.attrs.label_smoothing as number;
    const names = { inputs: { logits: 'x' }, output: 'loss' };
    return runOp(device, fixture, crossEntropy, { targets, labelSmoothing }, names);
  },
  fuse: (device, fixture) =>
    runOp(device, fixture, fuse, { formula: fixture.attrs.formula as FusionFormula }, { inputs: same('yang', 'yin') }),
  squeeze_excite: (device, fixture) => {
    const { channels, activation, gate } = fixture.attrs as { channels: number; activation: Activation; gate: Gate };
    return runBlock(device, fixture, new SqueezeExcite(channels, { activation, gate }));
  },
  residual: (device, fixture) => {
    const { in_channels, channels, stride, activation } = fixture.attrs as unknown as BlockAttrs;
    return runBlock(device, fixture, new Residual(in_channels, channels, stride, activation));
  },
  mbconv: (device, fixture) => {
    const { in_channels, channels, stride, activation, gate } = fixture.attrs as unknown as BlockAttrs & { gate: Gate };
    const options = { activation, gate, dropout: { p: 0, stream: 0 } };
    return runBlock(device, fixture, new MBConv(in_channels, channels, stride, options));
  },
  adamw: runAdamW,
  clip_grad_norm: runClip,
  one_cycle: runOneCycle,
  yynet: runNet,
};

interface BlockAttrs {
  in_channels: number;
  channels: number;
  stride: 1 | 2;
  activation: Activation;
}
