import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { WORKGROUP_SIZE } from '../common/launch.ts';
import backwardKernel from './backward.wgsl';
import forwardKernel from './forward.wgsl';
import sumKernel from './sum.wgsl';

interface Rows {
  /** [N,K] */
  readonly logits: Tensor;
  /** i32 [N]. A target outside [0, K) makes its row's loss and gradient NaN. */
  readonly targets: Tensor;
}

/** What targets may have beside a class. */
export interface TargetOptions {
  /** Share of each target that is spread evenly over all classes, from 0 to 1. */
  readonly labelSmoothing: number;
  /**
   * [1], at least 1/2: this share of row n's target is its own class, the rest is that of row N − 1 − n. For pictures that
   * `mix` mixed.
   */
  readonly mix?: Tensor;
  /** [K], by which the terms of each class are multiplied. */
  readonly weights?: Tensor;
}

interface Smoothed extends Rows, TargetOptions {
  /** Made by `normalizersOf`: the largest logit m of each row, log Σ exp(logit − m), and with weights their sum. */
  readonly normalizers: Tensor;
}

/** The tensor that the forward pass saves for the backward pass. */
export const normalizersOf = (device: Device, logits: Tensor, weights?: Tensor) =>
  device.tensor([logits.shape[0], weights ? 4 : 2]);

/** loss[1]: the mean cross-entropy of the rows. Fills `normalizers` for `backward`; adds to `totals` what `score` does. */
export function forward(
  device: Device,
  { loss, totals, ...launch }: Smoothed & { loss: Tensor; totals?: Tensor },
): void {
  sum(device, rows(device, launch), totals ? { loss, totals } : { loss });
}

/** dlogits[N,K] from dloss[1]. */
export function backward(
  device: Device,
  { dloss, dlogits, ...rows }: Smoothed & { dloss: Tensor; dlogits: Tensor },
): void {
  const { logits, targets, normalizers, mix, weights } = rows;
  const workgroups = foldWorkgroups(Math.ceil(size(logits) / WORKGROUP_SIZE));
  device.dispatch({
    kernel: backwardKernel,
    constants: { ...constants(rows), GROUPS_X: workgroups[0] },
    reads: { logits, targets, normalizers, dloss, mix, weights },
    writes: { dlogits },
    workgroups,
    flops: 5 * size(logits),
  });
}

/**
 * totals[2] += the sum of the rows' cross-entropy without label smoothing, and the number of rows whose largest logit is
 * that of the target. Rows with a negative target (padding) do not count; a target of K or more makes the loss NaN.
 */
export function score(device: Device, { logits, targets, totals }: Rows & { totals: Tensor }): void {
  const normalizers = normalizersOf(device, logits); // not used: there is no backward pass
  sum(device, rows(device, { logits, targets, labelSmoothing: 0, normalizers }), { totals });
}

function constants({ logits, labelSmoothing, mix, weights }: Smoothed) {
  const [N, K] = logits.shape;
  return {
    ...{ WORKGROUP_SIZE, N, K, LOGIT: logits.dtype, HALF: logits.dtype === 'f16', SMOOTHING: labelSmoothing },
    ...{ MIXED: mix !== undefined, WEIGHTED: weights !== undefined, NORMALIZER: weights ? 'vec4f' : 'vec2f' },
  };
}

/** Fills `normalizers`. Returns [N,3]: the loss of each row, that without smoothing, and 1 if the prediction is right. */
function rows(device: Device, launch: Smoothed): Tensor {
  const { logits, targets, normalizers, mix, weights } = launch;
  const n = logits.shape[0];
  const rows = device.tensor([n, 3]);
  const workgroups = foldWorkgroups(n);
  device.dispatch({
    kernel: forwardKernel,
    constants: { ...constants(launch), WORKGROUP_SIZE: device.capabilities.teamThreads, GROUPS_X: workgroups[0] },
    reads: { logits, targets, mix, weights },
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
    constants: {
      WORKGROUP_SIZE: device.capabilities.teamThreads,
      N,
      SUMS,
      LOSS: 'loss' in writes,
      TOTALS: 'totals' in writes,
    },
    reads: { rows },
    writes,
    workgroups: [1],
    flops: size(rows),
  });
}
