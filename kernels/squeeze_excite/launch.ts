import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { activationFlops } from '../common/activation.ts';
import { LANES, nchw, teamLanes } from '../common/launch.ts';
import { planeSum, planewise } from '../common/planes.ts';
import * as globalAvgPool from '../global_avg_pool/launch.ts';
import backwardExciteKernel from './backward_excite.wgsl';
import backwardGateKernel from './backward_gate.wgsl';
import backwardInputKernel from './backward_input.wgsl';
import backwardWeightsKernel from './backward_weights.wgsl';
import exciteKernel from './excite.wgsl';
import scaleKernel from './scale.wgsl';

export interface SqueezeExciteAttrs {
  /** Between the two layers. */
  readonly activation: 'gelu' | 'silu';
  /** After them. */
  readonly gate: 'sigmoid' | 'hard_sigmoid';
}

/** The largest R: an image's reduced channels lie in workgroup memory. */
export const MAX_REDUCED = 4096;

interface Weights {
  readonly reduceWeight: Tensor;
  readonly expandWeight: Tensor;
}

/** What the forward pass leaves for the backward pass: squeezed[N,C], reduced[N,R] (before its activation), gate[N,C]. */
export interface Gate {
  readonly squeezed: Tensor;
  readonly reduced: Tensor;
  readonly gate: Tensor;
}

interface Layers extends Weights {
  readonly reduceBias: Tensor;
  readonly expandBias: Tensor;
}

/** The gate of x[N,C,H,W]: gate(expand(act(reduce(mean of each plane)))). */
export function gateOf(device: Device, { x, ...layers }: Layers & { x: Tensor }, attrs: SqueezeExciteAttrs): Gate {
  const { n, c } = nchw(x);
  const squeezed = device.tensor([n, c]);
  globalAvgPool.forward(device, { x, y: squeezed });
  return excite(device, { squeezed, ...layers }, attrs);
}

/** The same from the means[N,C] of the planes. */
export function excite(
  device: Device,
  { squeezed, reduceWeight, reduceBias, expandWeight, expandBias }: Layers & { squeezed: Tensor },
  { activation, gate: kind }: SqueezeExciteAttrs,
): Gate {
  const [n, c] = squeezed.shape;
  const r = size(reduceBias);
  const reduced = device.tensor([n, r]);
  const gate = device.tensor([n, c]);
  const { constants, workgroups } = layers(device, n, c, r);
  device.dispatch({
    kernel: exciteKernel,
    constants: { ...constants, ACTIVATION: activation, GATE: kind },
    reads: {
      squeezed,
      reduce_weight: reduceWeight,
      reduce_bias: reduceBias,
      expand_weight: expandWeight,
      expand_bias: expandBias,
    },
    writes: { reduced, gate },
    workgroups,
    flops: n * (4 * c * r + activationFlops[activation].value * r + activationFlops[kind].value * c),
  });
  return { squeezed, reduced, gate };
}

/** y = x · gate, plane by plane. */
export function scale(device: Device, { x, gate, y }: { x: Tensor; gate: Tensor; y: Tensor }): void {
  device.dispatch({ kernel: scaleKernel, ...planewise(x), reads: { x, gate }, writes: { y }, flops: size(x) });
}

/** Gradients in front of the gate's activation [N,C], in front of the inner activation [N,R] and of the means [N,C]. */
export function backwardGate(
  device: Device,
  { x, dy, reduceWeight, expandWeight, reduced, gate }: Weights & Gate & { x: Tensor; dy: Tensor },
  { activation, gate: kind }: SqueezeExciteAttrs,
) {
  const [n, r] = reduced.shape;
  const c = gate.shape[1];
  const dexpanded = device.tensor([n, c]);
  const dreduced = device.tensor([n, r]);
  const dsqueezed = device.tensor([n, c]);
  const planes = planeSum(device, x);
  device.dispatch({
    kernel: backwardGateKernel,
    constants: { ...planes.constants, GATE: kind },
    reads: { x, dy, gate },
    writes: { dexpanded },
    workgroups: planes.workgroups,
    flops: 2 * size(x) + 3 * size(gate),
  });
  const { constants, workgroups } = layers(device, n, c, r);
  device.dispatch({
    kernel: backwardExciteKernel,
    constants: { ...constants, ACTIVATION: activation },
    reads: { dexpanded, reduced, reduce_weight: reduceWeight, expand_weight: expandWeight },
    writes: { dreduced, dsqueezed },
    workgroups,
    flops: n * (4 * c * r + (activationFlops[activation].slope + 1) * r),
  });
  return { dexpanded, dreduced, dsqueezed };
}

interface LayerGradients {
  readonly dreduceWeight: Tensor;
  readonly dreduceBias: Tensor;
  readonly dexpandWeight: Tensor;
  readonly dexpandBias: Tensor;
}

/** The gradients of both layers, from those in front of the inner activation [N,R] and of the gate's [N,C]. */
export function backwardWeights(
  device: Device,
  tensors: { squeezed: Tensor; reduced: Tensor; dreduced: Tensor; dexpanded: Tensor },
  into: LayerGradients,
  activation: SqueezeExciteAttrs['activation'],
): void {
  const [n, c] = tensors.squeezed.shape;
  const r = tensors.reduced.shape[1];
  device.dispatch({
    kernel: backwardWeightsKernel,
    constants: { WIDTH: 1, HALF: false, LANES, N: n, C: c, R: r, ACTIVATION: activation },
    reads: tensors,
    writes: {
      dreduce_weight: into.dreduceWeight,
      dreduce_bias: into.dreduceBias,
      dexpand_weight: into.dexpandWeight,
      dexpand_bias: into.dexpandBias,
    },
    workgroups: [Math.ceil((c * r) / LANES), 1, 2],
    flops: n * c * r * (6 + activationFlops[activation].value),
  });
}

/** dx[N,C,H,W]. */
export function backwardInput(
  device: Device,
  { dy, gate, dsqueezed, dx }: { dy: Tensor; gate: Tensor; dsqueezed: Tensor; dx: Tensor },
): void {
  device.dispatch({
    kernel: backwardInputKernel,
    ...planewise(dx),
    reads: { dy, gate, dsqueezed },
    writes: { dx },
    flops: 3 * size(dx),
  });
}

/** The kernels of the two layers: as many images a workgroup as its memory holds, up to four. */
export function layers(device: Device, n: number, c: number, r: number) {
  const images = Math.min(4, n, Math.floor(MAX_REDUCED / r));
  return {
    constants: {
      WIDTH: 1,
      HALF: false,
      LANES: teamLanes(device),
      IMAGES: images,
      SHARED: images * r,
      N: n,
      C: c,
      R: r,
    },
    workgroups: [Math.ceil(n / images)] as [number],
  };
}
