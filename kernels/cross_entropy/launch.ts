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

/** loss[0] = the rows' mean cross-entropy; fills `normalizers` for the backward pass. Adds their `score` to `totals`. */
export function forward(
  device: Device,
  { loss, totals, ...launch }: Smoothed & { loss: Tensor; totals?: Tensor },
): void {
  sum(device, rows(device, launch), totals ? { loss, totals } : { loss });
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
  const normalizers = device.tensor([logits.shape[0], 2]); // for no backward pass
  sum(device, rows(device, { logits, targets, labelSmoothing: 0, normalizers }), { totals });
}

function constants(logits: Tensor) {
  const [N, K] = logits.shape;
  return { LANES, N, K, LOGIT: logits.dtype, HALF: logits.dtype === 'f16' };
}

/** Fills `normalizers` and returns [N,3]: each row's loss, its loss without smoothing, and whether it is right. */
function rows(device: Device, { logits, targets, labelSmoothing, normalizers }: Smoothed): Tensor {
  const n = logits.shape[0];
  const rows = device.tensor([n, 3]);
  const workgroups = fold(n);
  device.dispatch({
    kernel: forwardKernel,
    constants: {
      ...constants(logits),
      LANES: teamLanes(device),
      GROUPS_X: workgroups[0],
      SMOOTHING: labelSmoothing,
    },
    reads: { logits, targets },
    writes: { rows, normalizers },
    workgroups,
    flops: 5 * size(logits),
  });
  return rows;
}

function sum(device: Device, rows: Tensor, writes: Record<string, Tensor>): void {
  const [N, SUMS] = rows.shape;
  device.dispatch({
    kernel: sumKernel,
    constants: { LANES: teamLanes(device), N, SUMS, LOSS: 'loss' in writes, TOTALS: 'totals' in writes },
    reads: { rows },
    writes,
    workgroups: [1],
    flops: size(rows),
  });
}
