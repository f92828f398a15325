import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationConstants, activationOf } from '../activation/table.ts';
import {
  batchStatistics,
  mergedMoments,
  momentsTensor,
  type NormActivation,
  oneChannel,
  type TrainingNorm,
} from '../batch_norm/launch.ts';
import { inlinedSums, nchw, vector, type Work } from '../common/launch.ts';
import { planeSum, threadsPerPlane } from '../common/planes.ts';
import { bandsOf, flopsOf, sideOf } from '../depthwise/launch.ts';
import { product } from '../pointwise/launch.ts';
import depthwiseKernel from './depthwise.wgsl';
import depthwisePlainKernel from './depthwise_plain.wgsl';
import expandKernel from './expand.wgsl';
import expandPlainKernel from './expand_plain.wgsl';
import projectKernel from './project.wgsl';
import squeezeKernel from './squeeze.wgsl';

// An MBConv block by a few kernels, each of which normalises, activates and gates its input where it reads it. The names of
// the intermediate tensors, with H the expanded channels, are the same in all files of this folder:
//
//   e[N,H,…] = expand · bn0(x)
//   d[N,H,…] = depthwise ∗ act(bn1(e))
//   z[N,H,…] = gate · act(bn2(d))        never stored; gate = excite(mean of act(bn2(d)) over each plane)
//   p[N,O,…] = project · z
//   y[N,O,…] = bn3(p) + shortcut(x)
//
// A block may lack bn0; expansion and bn1, where x takes the place of act(bn1(e)); the gate; and the shortcut.
//
// The plain version is the layers in src/nn/blocks.ts; test/nn/fused.test.ts compares both.

interface Normalized {
  readonly x: Tensor;
  /** Of x; the norms are stored in their row 0. */
  readonly moments: Tensor;
  readonly norm: TrainingNorm;
}

/** y[N,H,…] = expand[H,C,1,1] · bn0(x[N,C,…]). Returns y's moments. */
export function expand(
  device: Device,
  { x, moments, norm, weight, y }: Normalized & { weight: Tensor; y: Tensor },
): Tensor {
  const { momentsOut, constants, ...launch } = productWithMoments(
    device,
    { kernel: expandKernel, x, y },
    { bn0: true },
  );
  const { WORKGROUP_SIZE } = constants;
  const statistics = batchStatistics(
    device,
    threadsPerPlane(WORKGROUP_SIZE, WORKGROUP_SIZE / x.shape[1]),
    moments,
    norm,
  );
  device.dispatch({
    ...launch,
    kernel: expandKernel,
    constants: { ...constants, ...statistics.constants, CHANNELS: statistics.constants.C },
    reads: { x, ...statistics.reads, weight },
    writes: { ...statistics.writes, moments, y, moments_out: momentsOut },
    flops: 4 * size(x) + (2 * x.shape[1] + 4) * size(y) + statistics.flops,
  });
  return momentsOut;
}

/** The same without bn0. Row 0 of the moments gets the norms that centre x (expand_plain.wgsl). Returns y's moments. */
export function expandPlain(
  device: Device,
  { x, moments, weight, y }: Pick<Normalized, 'x' | 'moments'> & { weight: Tensor; y: Tensor },
): Tensor {
  const { momentsOut, constants, ...launch } = productWithMoments(device, { kernel: expandPlainKernel, x, y });
  const { WORKGROUP_SIZE } = constants;
  const [, c] = x.shape;
  device.dispatch({
    ...launch,
    kernel: expandPlainKernel,
    constants: {
      ...constants,
      ...mergedMoments(device, threadsPerPlane(WORKGROUP_SIZE, WORKGROUP_SIZE / c), moments),
      C: c,
    },
    reads: { x, weight },
    writes: { moments, y, moments_out: momentsOut },
    flops: (2 * c + 4) * size(y),
  });
  return momentsOut;
}

/** y = project[C,H,1,1] · (gate[N,H] · act(bn2(x[N,H,…]))), with the norms of bn2. Returns y's moments. */
export function project(
  device: Device,
  { x, norms, gate, weight, y }: { x: Tensor; norms: Tensor; gate?: Tensor; weight: Tensor; y: Tensor },
  activation: NormActivation,
): Tensor {
  const { momentsOut, constants, ...launch } = productWithMoments(device, { kernel: projectKernel, x, y });
  device.dispatch({
    ...launch,
    constants: { ...constants, ...activationConstants(activation), GATED: gate !== undefined },
    kernel: projectKernel,
    reads: { x, norms, gate, weight },
    writes: { y, moments_out: momentsOut },
    flops: ((gate ? 5 : 4) + activationOf(activation).flops.value) * size(x) + (2 * x.shape[1] + 4) * size(y),
  });
  return momentsOut;
}

/** A pointwise product that also computes y's moments, and with `bn0` first the norms of x. */
function productWithMoments(device: Device, work: Work, { bn0 } = { bn0: false }) {
  const v = vector(nchw(work.x).plane, work.x);
  // Beside the moments of each thread: those that batch_moments.wgsl shares and the norms of all channels.
  const use = { perThread: bn0 ? 12 + 16 : 12, fixed: bn0 ? 16 * nchw(work.x).c : 0 };
  const { constants, groups, step } = product(device, work, v.WIDTH, device.capabilities.teamThreads, use);
  const sums = inlinedSums(device, work, groups.constants.POSITIONS, groups.tiles, step);
  return {
    constants: { ...v, ...constants, ...sums.constants },
    workgroups: [sums.chunks, groups.tiles] as const,
    momentsOut: momentsTensor(device, sums.chunks, constants.C_OUT),
  };
}

/** y[N,H,…] = weight[H,1,K,K] ∗ act(bn1(x[N,H,…])). Returns y's moments, with one more row for the norms of bn1. */
export function depthwise(
  device: Device,
  { x, moments, norm, weight, y, stride }: Normalized & Depthwise,
  activation: NormActivation,
): Tensor {
  const work = { kernel: depthwiseKernel, x, y };
  const { chunks, constants, ...launch } = depthwiseWithMoments(device, work, weight, stride);
  const momentsAndNorms = momentsTensor(device, chunks + 1, constants.C);
  const statistics = batchStatistics(device, constants.WORKGROUP_SIZE, moments, norm);
  device.dispatch({
    ...launch,
    kernel: depthwiseKernel,
    constants: {
      ...{ ...constants, ...statistics.constants, ...activationConstants(activation) },
      NORM1_ROW: chunks + 1,
    },
    reads: { x, ...statistics.reads, weight },
    writes: { ...statistics.writes, y, moments_out: momentsAndNorms },
    flops: (4 + activationOf(activation).flops.value) * size(x) + (flopsOf(weight) + 4) * size(y) + statistics.flops,
  });
  return momentsAndNorms;
}

/** The moments of what `depthwise` returned. */
export const momentsOfDepthwise = (momentsAndNorms: Tensor): Tensor => {
  const [rows, ...shape] = momentsAndNorms.shape;
  return { ...momentsAndNorms, shape: [rows - 1, ...shape] };
};

/** y[N,H,…] = weight[H,1,K,K] ∗ x[N,H,…], of a block without an expansion. Returns y's moments. */
export function depthwisePlain(device: Device, { x, weight, y, stride }: Depthwise): Tensor {
  const work = { kernel: depthwisePlainKernel, x, y };
  const { chunks, constants, ...launch } = depthwiseWithMoments(device, work, weight, stride);
  const momentsOut = momentsTensor(device, chunks, constants.C);
  device.dispatch({
    ...launch,
    kernel: depthwisePlainKernel,
    constants: { ...constants, PICTURE: 'x' },
    reads: { x, weight },
    writes: { y, moments_out: momentsOut },
    flops: (flopsOf(weight) + 4) * size(y),
  });
  return momentsOut;
}

interface Depthwise {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly y: Tensor;
  readonly stride: number;
}

/** The launch of a depthwise convolution that also computes y's moments; `chunks`: their rows of partial sums. */
function depthwiseWithMoments(device: Device, of: Work, weight: Tensor, stride: number) {
  const threads = device.capabilities.teamThreads;
  const side = sideOf(weight);
  const work = { ...of, variant: `${side}×${side}` };
  const { constants, bands } = bandsOf(device, work, side, stride);
  const { constants: sums, chunks } = inlinedSums(device, work, bands, constants.C, threads);
  return {
    constants: {
      ...{ ...constants, ...oneChannel(constants.C) },
      ...{ POSITIONS: bands, CHUNK: sums.CHUNK, WORKGROUP_SIZE: threads, FLIPPED: false },
    },
    workgroups: [constants.C, chunks] as const,
    chunks,
  };
}

/**
 * Returns squeezed[N,H,3] (plane.wgsl): the mean of act(bn2(x)) over each plane and, for the backward pass, the sums of act′
 * and of act′·x̂.
 */
export function squeeze(device: Device, { x, moments, norm }: Normalized, activation: NormActivation): Tensor {
  const { n, c } = nchw(x);
  const squeezed = device.tensor([n, c, 3]);
  const { constants, workgroups } = planeSum(device, x, 3);
  const statistics = batchStatistics(device, constants.THREADS_PER_PLANE, moments, norm);
  const { value, slope } = activationOf(activation).flops;
  device.dispatch({
    kernel: squeezeKernel,
    constants: { ...constants, ...statistics.constants, ...activationConstants(activation) },
    reads: { x, ...statistics.reads },
    writes: { ...statistics.writes, moments, squeezed },
    workgroups,
    flops: (4 + value + slope + 4) * size(x) + statistics.flops,
  });
  return squeezed;
}
