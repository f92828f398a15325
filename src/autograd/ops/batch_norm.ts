import * as kernels from '../../../kernels/batch_norm/launch.ts';
import { size, type Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

export interface BatchNormAttrs {
  /** Whether the batch's own statistics are used, and move the running ones. */
  readonly training: boolean;
  /** Mean and variance [C] of former batches. */
  readonly running: kernels.Running;
  /** How far one batch moves them. */
  readonly momentum: number;
  readonly eps: number;
  readonly activation: kernels.NormActivation;
}

/** x[N,C,H,W], gamma[C], beta[C] → act(bn(x)). PyTorch's batch_norm, with the activation in the same kernel. */
export const batchNorm = defineOp({
  name: 'batchNorm',
  forward(device, { x, gamma, beta }: { x: Tensor; gamma: Tensor; beta: Tensor }, attrs: BatchNormAttrs) {
    const { training, running, momentum, eps, activation } = attrs;
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const c = x.shape[1];
    for (const [name, { shape }] of Object.entries({ gamma, beta, ...running })) {
      require(shape.length === 1 && shape[0] === c, this.name, `${name} must be [${c}]`, shape);
    }
    // PyTorch: "Expected more than 1 value per channel when training".
    require(!training || size(x) > c, this.name, 'x must have more than one value a channel in training', x.shape);
    const norm = { gamma, beta, running, eps, momentum };
    const norms = training
      ? kernels.batchNorms(device, kernels.statistics(device, x), norm)
      : kernels.runningNorms(device, norm);
    const y = device.tensor(x.shape, x.dtype);
    kernels.normalize(device, { x, norms, y, activation });
    return { y, saved: { x, norms } };
  },
  backward(device, dy, { x, norms }, { training, activation }, wanted) {
    const dgamma = wanted.gamma?.tensor ?? device.tensor([x.shape[1]]);
    const dbeta = wanted.beta?.tensor ?? device.tensor([x.shape[1]]);
    const shared = { x, dy, norms, activation };
    const slopes = kernels.backwardParameters(device, { ...shared, training, dgamma, dbeta });
    if (wanted.x) kernels.backwardInput(device, { ...shared, slopes, dx: wanted.x.tensor });
  },
});
