import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import type { Norm } from '../batch_norm/launch.ts';
import { WORKGROUP_SIZE } from '../common/launch.ts';
import afterKernel from './after.wgsl';
import beforeKernel from './before.wgsl';

/** Weight[O,…] and bias[O] of a convolution that includes a normalisation. */
export interface FoldedConvolution {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Folds a normalisation by running statistics into the convolution before it. */
export function foldAfter(
  device: Device,
  { weight, bias }: { weight: Tensor; bias?: Tensor },
  norm: Norm,
): FoldedConvolution {
  const [outputs] = weight.shape;
  const folded = { weight: device.tensor(weight.shape), bias: device.tensor([outputs]) };
  device.dispatch({
    kernel: afterKernel,
    constants: { WORKGROUP_SIZE, PER_OUTPUT: size(weight) / outputs, BIAS: bias !== undefined, EPS: norm.eps },
    reads: { weight, bias, ...readsOf(norm) },
    writes: writesOf(folded),
    workgroups: [outputs],
    flops: size(weight) + 6 * outputs,
  });
  return folded;
}

/** Folds a normalisation by running statistics into the 1×1 convolution weight[O,C,1,1] after it. */
export function foldBefore(device: Device, norm: Norm, weight: Tensor): FoldedConvolution {
  const [outputs, c] = weight.shape;
  const folded = { weight: device.tensor(weight.shape), bias: device.tensor([outputs]) };
  device.dispatch({
    kernel: beforeKernel,
    constants: { WORKGROUP_SIZE: device.capabilities.teamThreads, SUMS: 1, C: c, EPS: norm.eps },
    reads: { weight, ...readsOf(norm) },
    writes: writesOf(folded),
    workgroups: [outputs],
    flops: 8 * size(weight),
  });
  return folded;
}

const readsOf = ({ gamma, beta, running: { mean, variance } }: Norm) => ({
  ...{ gamma, beta, running_mean: mean, running_variance: variance },
});

const writesOf = ({ weight, bias }: FoldedConvolution) => ({ folded_weight: weight, folded_bias: bias });
