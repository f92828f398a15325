import type { OpRow } from '../../src/autograd/op_row.ts';
import type { ActivationKind } from '../../src/autograd/ops/activation.ts';
import { registry } from '../../src/autograd/registry.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import { MBConv, Residual } from '../../src/nn/blocks.ts';
import { SqueezeExcite } from '../../src/nn/layers.ts';
import type { Module } from '../../src/nn/module.ts';
import { ParameterSet, type StateDict } from '../../src/nn/parameters.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { uploadRunning } from '../support/running.ts';
import { type Case, type HostTensor, under } from './fixture.ts';
import { runMobileNet } from './mobilenet.ts';
import { runConfig, runPreset } from './nets.ts';
import { optimizerRunners } from './optimizers.ts';
import { prefixed, type Runner, type Setup, upload, uploadActivation } from './setup.ts';
import type { Results } from './verdict.ts';

/** Inputs of ops that are f32 in mixed precision, too. */
const PARAMETERS = /^(weight|bias|gamma|beta)$/;

/** PyTorch's names of inputs where a fixture does not have the registry's. */
const TORCH_NAMES: Readonly<Record<string, string>> = { a: 'input', b: 'other', prediction: 'input', logits: 'x' };

/** Runs an op of the registry forward and backward. `more` are attributes that the fixture does not have. */
async function runOp(
  setup: Setup,
  { tensors, attrs }: Case,
  row: OpRow,
  { output = 'y', ...more }: { output?: string; [attr: string]: unknown } = {},
): Promise<Map<string, Float32Array>> {
  const { device } = setup;
  const names = new Map<string, Tensor>();
  const inputs: Record<string, Tensor> = {};
  for (const input of Object.keys(row.inputs)) {
    const name = [input, TORCH_NAMES[input]].find((name) => `in.${name}` in tensors);
    if (!name) continue;
    const tensor = tensors[`in.${name}`];
    inputs[input] = PARAMETERS.test(input) ? upload(device, tensor) : uploadActivation(setup, tensor);
    names.set(name, inputs[input]);
  }
  const upstream = asVector(tensors[`dout.${output}`]);
  const { y, gradients } = device.tidy(() => {
    const tape = new Tape(device);
    for (const input of names.values()) tape.watch(input);
    const y = tape.run(row.op, inputs, { ...attrs, ...more });
    const dy = y.dtype === 'f16' ? uploadActivation(setup, upstream) : upload(device, upstream);
    return { y, gradients: [...tape.backward(y, dy)] };
  });
  const results = new Map([[`out.${output}`, await device.read(y)]]);
  for (const [name, input] of names) {
    const gradient = gradients.find(([leaf]) => leaf === input);
    if (gradient) results.set(`grad.${name}`, await device.read(gradient[1]));
  }
  return results;
}

/** PyTorch's scalars have no axes, ours one. */
const asVector = (tensor: HostTensor): HostTensor => (tensor.shape.length === 0 ? { ...tensor, shape: [1] } : tensor);

/** Runs a block in training mode, forward and backward, then in evaluation mode. */
async function runBlock(setup: Setup, { tensors }: Case, block: Module): Promise<Results> {
  const { device } = setup;
  const parameters = new ParameterSet(device, block, new Random(0));
  parameters.loadStateDict({ ...(await parameters.stateDict()), ...(under('param.', tensors) as StateDict) });
  const x = uploadActivation(setup, tensors['in.x']);
  const upstream = uploadActivation(setup, tensors['dout.y']);
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
    ...prefixed('grad.', await parameters.readFlat(parameters.gradients)),
    ...prefixed('out.', await parameters.stateDict()),
  ]);
}

/** Fixtures whose attributes are those of an op of the registry, by PyTorch's names. */
const plainOps: Readonly<Record<string, OpRow>> = {
  activation: registry.activation,
  add: registry.add,
  avg_pool2d: registry.avgPool,
  depthwise_conv2d: registry.depthwise,
  flatten: registry.flatten,
  fuse: registry.fuse,
  global_avg_pool: registry.globalAvgPool,
  linear: registry.linear,
  matmul: registry.matmul,
  max_pool2d: registry.maxPool,
  mse_loss: registry.meanSquaredError,
  mul: registry.mul,
  reshape: registry.reshape,
  scale: registry.scale,
  softmax: registry.softmax,
  sub: registry.sub,
};

const plainRunners = Object.fromEntries(
  Object.entries(plainOps).map(([name, row]): [string, Runner] => [
    name,
    (setup, fixture) => runOp(setup, fixture, row),
  ]),
);

/** How each op of the fixtures runs on the engine. */
export const runners: Readonly<Record<string, Runner>> = {
  ...plainRunners,
  ...optimizerRunners,
  conv2d: (setup, fixture) => runOp(setup, fixture, fixture.attrs.kernel === 1 ? registry.pointwise : registry.conv3x3),
  concat: (setup, fixture) => {
    // As many inputs as the fixture has.
    const inputs = Object.keys(under('in.', fixture.tensors)).sort();
    return runOp(setup, fixture, { ...registry.concat, inputs: Object.fromEntries(inputs.map((x) => [x, 'N C H W'])) });
  },
  batch_norm: async (setup, fixture) => {
    const { 'in.running_mean': formerMean, 'in.running_var': formerVariance } = fixture.tensors;
    const { device } = setup;
    const running = uploadRunning(device, formerMean.data, formerVariance.data);
    const results = await runOp(setup, fixture, registry.batchNorm, { running });
    results.set('out.running_mean', await device.read(running.mean));
    return results.set('out.running_var', await device.read(running.variance));
  },
  cross_entropy: (setup, fixture) => {
    const targets = upload(setup.device, fixture.tensors['in.target']);
    const labelSmoothing = fixture.attrs.label_smoothing;
    return runOp(setup, fixture, registry.crossEntropy, { targets, labelSmoothing, output: 'loss' });
  },
  squeeze_excite: (setup, fixture) => {
    const { channels, activation, gate } = fixture.attrs as unknown as SqueezeExciteAttrs;
    return runBlock(setup, fixture, new SqueezeExcite(channels, { activation, gate }));
  },
  residual: (setup, fixture) => {
    const { in_channels, channels, stride, activation } = fixture.attrs as unknown as BlockAttrs;
    return runBlock(setup, fixture, new Residual(in_channels, channels, stride, activation));
  },
  mbconv: (setup, fixture) => {
    const { in_channels, channels, stride, activation, gate } = fixture.attrs as unknown as BlockAttrs &
      SqueezeExciteAttrs;
    const options = { activation, gate, dropout: { p: 0, stream: 0 } };
    return runBlock(setup, fixture, new MBConv(in_channels, channels, stride, options));
  },
  mobilenetv3_small: runMobileNet,
  yynet: runPreset,
  yynet_config: runConfig,
};

interface SqueezeExciteAttrs {
  channels: number;
  activation: ActivationKind;
  gate: ActivationKind;
}

interface BlockAttrs {
  in_channels: number;
  channels: number;
  stride: 1 | 2;
  activation: ActivationKind;
}
