import { clip, gradNorm } from '../../kernels/grad_norm/launch.ts';
import { Random } from '../../src/data/random.ts';
import { AdamW } from '../../src/nn/adamw.ts';
import { Module, Parameter } from '../../src/nn/module.ts';
import type { Optimizer } from '../../src/nn/optimizer.ts';
import { ParameterSet, type StateDict } from '../../src/nn/parameters.ts';
import { Constant, Cosine, OneCycle, type Schedule } from '../../src/nn/schedule.ts';
import { SGD } from '../../src/nn/sgd.ts';
import type { Device } from '../../src/runtime/device.ts';
import { type Shape, sizeOf, type Tensor } from '../../src/runtime/tensor.ts';
import { type Case, under } from './fixture.ts';
import type { Runner, Setup } from './setup.ts';
import type { Results } from './verdict.ts';

/** A module that is nothing but one parameter. */
class Single extends Module {
  readonly p: Parameter;

  constructor(shape: Shape) {
    super();
    this.p = new Parameter(shape, (s) => new Float32Array(sizeOf(s)));
  }

  forward(): Tensor {
    return this.p.tensor;
  }
}

/** Steps of an optimizer on one parameter, its gradients given. `beta1s` are its beta1 or momentum, step by step. */
async function runOptimizer(
  device: Device,
  { tensors, attrs }: Case,
  beta1s: number[] | undefined,
  create: (parameters: ParameterSet) => Optimizer,
): Promise<Results> {
  const { learning_rates, weight_decays } = attrs as { learning_rates: number[]; weight_decays: number[] };
  const module = new Single(tensors['in.p'].shape);
  const parameters = new ParameterSet(device, module, new Random(0));
  parameters.loadStateDict({ p: tensors['in.p'] } as StateDict);
  const optimizer = create(parameters);
  const results = new Map<string, Float32Array>();
  for (const [i, learningRate] of learning_rates.entries()) {
    device.write(module.p.gradient!, tensors[`in.grad.${i}`].data);
    optimizer.prepare({ learningRate, weightDecay: weight_decays[i], beta1: beta1s?.[i] });
    optimizer.step();
    results.set(`out.p.${i}`, (await parameters.stateDict()).p.data);
  }
  return results;
}

function runAdamW({ device }: Setup, fixture: Case): Promise<Results> {
  const { amsgrad, beta2, eps, beta1s } = fixture.attrs as unknown as AdamWAttrs;
  const create = (parameters: ParameterSet) => new AdamW(device, parameters, { amsgrad, beta2, eps });
  return runOptimizer(device, fixture, beta1s, create);
}

interface AdamWAttrs {
  amsgrad: boolean;
  beta2: number;
  eps: number;
  beta1s: number[];
}

function runSGD({ device }: Setup, fixture: Case): Promise<Results> {
  const { momentum, momenta } = fixture.attrs as { momentum: number; momenta?: number[] };
  const create = (parameters: ParameterSet) => new SGD(device, parameters, { momentum });
  return runOptimizer(device, fixture, momenta, create);
}

async function runClip({ device }: Setup, { tensors, attrs }: Case): Promise<Results> {
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

/** The rates of a schedule, step by step. */
const runSchedule =
  (create: (attrs: Record<string, number>) => Schedule): Runner =>
  async (_, { tensors, attrs }) => {
    const schedule = create(attrs as Record<string, number>);
    const rates = Array.from(tensors['out.learning_rate'].data, (_, step) => schedule.at(step));
    return new Map([
      ['out.learning_rate', rates.map(({ learningRate }) => learningRate)],
      ['out.beta1', rates.map(({ beta1 }) => beta1 ?? Number.NaN)],
    ]);
  };

/** How the optimizers, the clipping of gradients and the schedules of the fixtures run. All compute in f32, also in mixed precision. */
export const optimizerRunners = {
  adamw: runAdamW,
  clip_grad_norm: runClip,
  sgd: runSGD,
  one_cycle: runSchedule(({ max_lr, epochs, steps_per_epoch }) => new OneCycle(max_lr, epochs * steps_per_epoch)),
  constant: runSchedule(({ learning_rate, warmup_steps }) => new Constant(learning_rate, warmup_steps)),
  cosine: runSchedule(({ learning_rate, total_steps, final_learning_rate, warmup_steps }) => {
    const options = { finalLearningRate: final_learning_rate, warmupSteps: warmup_steps };
    return new Cosine(learning_rate, total_steps, options);
  }),
} satisfies Record<string, Runner>;
