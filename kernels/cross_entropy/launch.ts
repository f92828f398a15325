import { fold } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { LANES, teamLanes } from '../common/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';
import sumKernel from './sum.wgsl';

interface Rows {
  /** [N,K] */
  readonly logits: Tensor;
  /** i32 [N] */
  readonly targets: Tensor;
}

interface Smoothed extends Rows {
  readonly labelSmoothing: number;
  /** [N,2]: each row's largest logit, and the logarithm of Σ exp(logit − largest). */
  readonly normalizers: Tensor;
}

/** loss[0] = the rows' mean cross-entropy; fills `normalizers` for the backward pass. */
export function forward(device: Device, { loss, normalizers, ...launch }: Smoothed & { loss: Tensor }): void {
  const losses = device.tensor([launch.logits.shape[0], 1]);
  rows(device, launch, { losses, normalizers });
  sum(device, losses, loss, false);
}

/** dlogits[N,K] from dloss[1]. */
export function backward(
  device: Device,
  { logits, targets, normalizers, labelSmoothing, dloss, dlogits }: Smoothed & { dloss: Tensor; dlogits: Tensor },
): void {
  const workgroups = fold(Math.ceil(size(logits) / LANES));
  device.dispatch({
    kernel: backwardKernel,
    constants: { ...constants(logits), GROUPS_X: workgroups[0], SMOOTHING: labelSmoothing },
    reads: { logits, targets, normalizers, dloss },
    writes: { dlogits },
    workgroups,
    flops: 5 * size(logits),
  });
}

/**
 * totals[2] += the rows' summed cross-entropy (without label smoothing), and how many have their largest logit at the
 * target. A row whose target is negative (padding) does not count.
 */
export function score(device: Device, { logits, targets, totals }: Rows & { totals: Tensor }): void {
  const scores = device.tensor([logits.shape[0], 2]);
  rows(device, { logits, targets, labelSmoothing: 0 }, { scores });
  sum(device, scores, totals, true);
}

function constants(logits: Tensor) {
  const [N, K] = logits.shape;
  return { LANES, N, K, LOGIT: logits.dtype, HALF: logits.dtype === 'f16' };
}

function rows(
  device: Device,
  { logits, targets, labelSmoothing }: Rows & { labelSmoothing: number },
  writes: { scores: Tensor } | { losses: Tensor; normalizers: Tensor },
): void {
  const SCORE = 'scores' in writes;
  const workgroups = fold(logits.shape[0]);
  device.dispatch({
    kernel: forwardKernel,
    constants: {
      ...constants(logits),
      LANES: teamLanes(device),
      GROUPS_X: workgroups[0],
      SMOOTHING: labelSmoothing,
      SCORE,
    },
    reads: { logits, targets },
    writes: { ...writes },
    workgroups,
    flops: 5 * size(logits),
  });
}

function sum(device: Device, rows: Tensor, total: Tensor, added: boolean): void {
  const [N, SUMS] = rows.shape;
  device.dispatch({
    kernel: sumKernel,
    constants: { LANES: teamLanes(device), N, SUMS, ADDED: added },
    reads: { rows },
    writes: { sum: total },
    workgroups: [1],
    flops: size(rows),
  });
}
