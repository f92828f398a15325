import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { folded, momentsTensor, oneChannel, type TrainingNorm } from '../batch_norm/launch.ts';
import { activationFlops } from '../common/activation.ts';
import { nchw, spansOf, teamLanes, vector, type Work } from '../common/launch.ts';
import { planeSum, teamOf } from '../common/planes.ts';
import { bandsOf } from '../depthwise/launch.ts';
import { product } from '../pointwise/launch.ts';
import depthwiseKernel from './depthwise.wgsl';
import expandKernel from './expand.wgsl';
import projectKernel from './project.wgsl';
import squeezeKernel from './squeeze.wgsl';

/** Between an MBConv's convolutions. */
export type Activation = 'gelu' | 'silu';

interface Normalized {
  readonly x: Tensor;
  /** Of x; the norms are put in front of them. */
  readonly moments: Tensor;
  readonly norm: TrainingNorm;
}

/** y[N,H,…] = expand[H,C,1,1] · bn0(x[N,C,…]). Returns y's moments. */
export function expand(
  device: Device,
  { x, moments, norm, weight, y }: Normalized & { weight: Tensor; y: Tensor },
): Tensor {
  const { left, constants, ...launch } = leaving(device, { kernel: expandKernel, x, y });
  const { LANES } = constants;
  const fold = folded(device, teamOf(LANES, LANES / x.shape[1]), moments, norm);
  device.dispatch({
    ...launch,
    kernel: expandKernel,
    constants: { ...constants, ...fold.constants, CHANNELS: fold.constants.C },
    reads: { x, ...fold.reads, weight },
    writes: { ...fold.writes, moments, y, left },
    flops: 4 * size(x) + (2 * x.shape[1] + 4) * size(y) + fold.flops,
  });
  return left;
}

/** y = project[C,H,1,1] · (gate[N,H] · act(bn2(x[N,H,…]))), bn2 given by its norms. Returns y's moments. */
export function project(
  device: Device,
  { x, norms, gate, weight, y }: { x: Tensor; norms: Tensor; gate: Tensor; weight: Tensor; y: Tensor },
  activation: Activation,
): Tensor {
  const { left, constants, ...launch } = leaving(device, { kernel: projectKernel, x, y });
  device.dispatch({
    ...launch,
    constants: { ...constants, ACTIVATION: activation },
    kernel: projectKernel,
    reads: { x, norms, gate, weight },
    writes: { y, left },
    flops: (5 + activationFlops[activation].value) * size(x) + (2 * x.shape[1] + 4) * size(y),
  });
  return left;
}

/** A pointwise product that leaves y's moments. */
function leaving(device: Device, work: Work) {
  const lanes = teamLanes(device);
  const v = vector(nchw(work.x).plane, work.x);
  const { constants, groups } = product(device, work, v.WIDTH);
  const spans = spansOf(device, work, groups.constants.POSITIONS, groups.tiles, lanes * constants.VECTORS);
  return {
    constants: { ...v, ...constants, ...spans.constants, LANES: lanes },
    workgroups: [spans.rows, groups.tiles] as const,
    left: momentsTensor(device, spans.rows, constants.C_OUT),
  };
}

/** y[N,H,…] = weight[H,1,3,3] ∗ act(bn1(x[N,H,…])). Returns y's moments. */
export function depthwise(
  device: Device,
  { x, moments, norm, weight, y, stride }: Normalized & { weight: Tensor; y: Tensor; stride: number },
  activation: Activation,
): Tensor {
  const lanes = teamLanes(device);
  const work = { kernel: depthwiseKernel, x, y };
  const { constants, bands } = bandsOf(device, work, stride);
  const { constants: span, rows } = spansOf(device, work, bands, constants.C, lanes);
  const left = momentsTensor(device, rows, constants.C);
  const fold = folded(device, lanes, moments, norm);
  device.dispatch({
    kernel: depthwiseKernel,
    constants: {
      ...constants,
      ...oneChannel(constants.C),
      ...fold.constants,
      POSITIONS: bands,
      SLAB: span.SPAN,
      LANES: lanes,
      FLIPPED: false,
      ACTIVATION: activation,
    },
    reads: { x, ...fold.reads, weight },
    writes: { ...fold.writes, moments, y, left },
    workgroups: [constants.C, rows],
    flops: (4 + activationFlops[activation].value) * size(x) + (18 + 4) * size(y) + fold.flops,
  });
  return left;
}

/**
 * squeezed[N,H] = the means of act(bn2(x)) over each plane; slopes[N,H,2] = what the backward pass needs of each plane:
 * the sums of act′ and of act′·x̂.
 */
export function squeeze(device: Device, { x, moments, norm }: Normalized, activation: Activation) {
  const { n, c } = nchw(x);
  const squeezed = device.tensor([n, c]);
  const slopes = device.tensor([n, c, 2]);
  const { constants, workgroups } = planeSum(device, x, 3);
  const fold = folded(device, constants.TEAM, moments, norm);
  const { value, slope } = activationFlops[activation];
  device.dispatch({
    kernel: squeezeKernel,
    constants: { ...constants, ...fold.constants, ACTIVATION: activation },
    reads: { x, ...fold.reads },
    writes: { ...fold.writes, moments, squeezed, slopes },
    workgroups,
    flops: (4 + value + slope + 4) * size(x) + fold.flops,
  });
  return { squeezed, slopes };
}
