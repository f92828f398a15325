import { activationKinds, activationOf } from '../../../kernels/activation/table.ts';
import * as kernels from '../../../kernels/batch_norm/launch.ts';
import { byteLength, type Shape, sizeOf, type Tensor } from '../../runtime/tensor.ts';
import { defineOp } from '../op.ts';
import { f32, float, requireInputs, requireOneOf, requireTensor, requireThat } from '../requirements.ts';

/** Rates of a batch normalisation, PyTorch's. */
export interface BatchNormRates {
  /** Weight of the batch statistics in the new running statistics, from 0 to 1. */
  readonly momentum: number;
  /** Added to the variance; greater than 0. */
  readonly eps: number;
}

/** The mode, the running statistics and the activation of a batch normalisation. */
export interface BatchNormAttrs extends BatchNormRates {
  /** Normalises by batch statistics and updates the running ones, or normalises by running statistics. */
  readonly training: boolean;
  /** Running mean and variance [C]. */
  readonly running: kernels.Running;
  readonly activation: kernels.NormActivation;
}

/** Checks running statistics of `channels` channels. Training updates them through one binding: they must share a storage. */
export function requireRunning(
  op: string,
  name: string,
  running: kernels.Running | undefined,
  channels: number,
  training = true,
): void {
  requireTensor(op, `${name}.mean`, running?.mean, f32(channels));
  requireTensor(op, `${name}.variance`, running?.variance, f32(channels));
  const { mean, variance } = running!;
  const isBehind = mean.storage === variance.storage && variance.offset >= mean.offset + byteLength(mean);
  requireThat(isBehind || !training, op, `${name}.variance must lie behind its mean in one storage`, 'another place');
}

/** Checks the running statistics of several normalisations, by their numbers of channels. */
export function requireAllRunning(op: string, running: readonly kernels.Running[], channels: readonly number[]): void {
  const count = running?.length;
  requireThat(count === channels.length, op, `running must have ${channels.length} elements`, count);
  running.forEach((statistics, i) => {
    requireRunning(op, `running[${i}]`, statistics, channels[i]);
  });
}

/** Checks the rates. */
export function requireRates(op: string, { momentum, eps }: BatchNormRates): void {
  requireThat(momentum >= 0 && momentum <= 1, op, 'momentum must be from 0 to 1', momentum);
  requireThat(eps > 0, op, 'eps must be greater than 0', eps);
}

/** A batch has one value a channel, which has no variance. */
export class SingleValueError extends Error {
  override name = 'SingleValueError';
}

/** Checks that batch statistics of a tensor [N,C,H,W] exist. PyTorch: "Expected more than 1 value per channel". */
export function requireBatch(op: string, name: string, shape: Shape): void {
  if (sizeOf(shape) > shape[1]) return;
  throw new SingleValueError(`${op}: ${name} must have more than one value a channel in training, got [${shape}]`);
}

/** x[N,C,H,W], gamma[C], beta[C] → act(bn(x)). PyTorch's batch_norm, with the activation in the same kernel. */
export const batchNorm = defineOp({
  name: 'batchNorm',
  shape(
    inputs: { x: Tensor; gamma: Tensor; beta: Tensor },
    { training, running, activation, ...rates }: BatchNormAttrs,
  ) {
    const { C } = requireInputs(this.name, inputs, { x: float('N', 'C', 'H', 'W'), gamma: f32('C'), beta: f32('C') });
    requireRunning(this.name, 'running', running, C, training);
    requireRates(this.name, rates);
    requireOneOf(this.name, 'activation', activation, ['none', ...activationKinds]);
    if (training) requireBatch(this.name, 'x', inputs.x.shape);
    return inputs.x.shape;
  },
  forward(device, inputs, attrs) {
    const { x, gamma, beta } = inputs;
    const { training, running, momentum, eps, activation } = attrs;
    const y = device.tensor(this.shape(inputs, attrs), x.dtype);
    const norm = { gamma, beta, running, eps, momentum };
    const norms = training
      ? kernels.batchNorms(device, kernels.statistics(device, x), norm)
      : kernels.runningNorms(device, norm);
    kernels.normalize(device, { x, norms, y, activation });
    return { y, saved: { x, norms } };
  },
  backward(device, dy, { x, norms }, { training, activation }, wanted) {
    const gradientOf = (name: 'gamma' | 'beta') => wanted[name]?.tensor ?? device.tensor([x.shape[1]]);
    const needed = training || wanted.gamma || wanted.beta;
    kernels.backward(device, {
      ...{ x, dy, norms, activation, training },
      dx: wanted.x?.tensor ?? device.tensor(x.shape, x.dtype),
      ...(needed && { parameters: { dgamma: gradientOf('gamma'), dbeta: gradientOf('beta') } }),
    });
  },
  onnx(graph, { x, gamma, beta }, { running, eps, activation }) {
    const inputs = [x, gamma, beta, graph.tensor(running.mean), graph.tensor(running.variance)];
    return activationOf(activation).onnx(graph, graph.node('BatchNormalization', inputs, { epsilon: { float: eps } }));
  },
});
