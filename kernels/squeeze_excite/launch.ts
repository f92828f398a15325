import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { type ActivationKind, activationConstants, activationOf } from '../activation/table.ts';
import { nchw, WORKGROUP_SIZE } from '../common/launch.ts';
import { planeSum, planewise } from '../common/planes.ts';
import * as globalAvgPool from '../global_avg_pool/launch.ts';
import backwardExciteKernel from './backward_excite.wgsl';
import backwardGateKernel from './backward_gate.wgsl';
import backwardInputKernel from './backward_input.wgsl';
import backwardWeightsKernel from './backward_weights.wgsl';
import exciteKernel from './excite.wgsl';
import scaleKernel from './scale.wgsl';

/** The activations of a squeeze-and-excite gate's two layers. */
export interface SqueezeExciteAttrs {
  /** Activation between the two layers. */
  readonly activation: ActivationKind;
  /** Activation after the second layer. */
  readonly gate: ActivationKind;
}

/** The largest R: a workgroup holds the reduced channels of an image in its memory. */
export const MAX_REDUCED = 4096;

interface Weights {
  readonly reduceWeight: Tensor;
  readonly expandWeight: Tensor;
}

/** Saved for backward: squeezed[N,C], reduced[N,R] (before its activation), gate[N,C]. */
export interface Gate {
  readonly squeezed: Tensor;
  readonly reduced: Tensor;
  readonly gate: Tensor;
  /** [N,C], from which gate.wgsl computes the gate's slope: the gate, or the input of its activation. */
  readonly savedGate: Tensor;
}

interface Layers extends Weights {
  readonly reduceBias: Tensor;
  readonly expandBias: Tensor;
}

/** Computes the gate of x[N,C,H,W]: gate(expand(act(reduce(mean of each plane)))). */
export function gateOf(device: Device, { x, ...layers }: Layers & { x: Tensor }, attrs: SqueezeExciteAttrs): Gate {
  const { n, c } = nchw(x);
  const squeezed = device.tensor([n, c]);
  globalAvgPool.forward(device, { x, y: squeezed });
  return excite(device, { squeezed, ...layers }, attrs);
}

/** Computes the gate from squeezed[N,C], the mean of each plane. */
export function excite(
  device: Device,
  { squeezed, reduceWeight, reduceBias, expandWeight, expandBias }: Layers & { squeezed: Tensor },
  { activation, gate: kind }: SqueezeExciteAttrs,
): Gate {
  const [n, c] = squeezed.shape;
  const r = size(reduceBias);
  const reduced = device.tensor([n, r]);
  const gate = device.tensor([n, c]);
  const savedGate = savesValue(kind) ? gate : device.tensor([n, c]);
  const { constants, workgroups } = layers(device, n, c, r);
  device.dispatch({
    kernel: exciteKernel,
    constants: { ...constants, ...activationConstants(activation), ...gateConstants(kind) },
    reads: {
      squeezed,
      reduce_weight: reduceWeight,
      reduce_bias: reduceBias,
      expand_weight: expandWeight,
      expand_bias: expandBias,
    },
    writes: { reduced, gate, ...(savedGate !== gate && { saved: savedGate }) },
    workgroups,
    flops: n * (4 * c * r + activationOf(activation).flops.value * r + activationOf(kind).flops.value * c),
  });
  return { squeezed, reduced, gate, savedGate };
}

/** y[N,C,H,W] = x[N,C,H,W] · gate[N,C]. */
export function scale(device: Device, { x, gate, y }: { x: Tensor; gate: Tensor; y: Tensor }): void {
  device.dispatch({ kernel: scaleKernel, ...planewise(x), reads: { x, gate }, writes: { y }, flops: size(x) });
}

/** Returns the gradients before the gate's activation [N,C], before the inner activation [N,R] and of squeezed [N,C]. */
export function backwardGate(
  device: Device,
  { x, dy, reduceWeight, expandWeight, reduced, savedGate }: Weights & Gate & { x: Tensor; dy: Tensor },
  { activation, gate: kind }: SqueezeExciteAttrs,
) {
  const [n, r] = reduced.shape;
  const c = savedGate.shape[1];
  const dexpanded = device.tensor([n, c]);
  const dreduced = device.tensor([n, r]);
  const dsqueezed = device.tensor([n, c]);
  const planes = planeSum(device, x);
  device.dispatch({
    kernel: backwardGateKernel,
    constants: { ...planes.constants, ...gateConstants(kind) },
    reads: { x, dy, saved: savedGate },
    writes: { dexpanded },
    workgroups: planes.workgroups,
    flops: 2 * size(x) + 3 * size(savedGate),
  });
  const { constants, workgroups } = layers(device, n, c, r);
  device.dispatch({
    kernel: backwardExciteKernel,
    constants: { ...constants, ...activationConstants(activation) },
    reads: { dexpanded, reduced, reduce_weight: reduceWeight, expand_weight: expandWeight },
    writes: { dreduced, dsqueezed },
    workgroups,
    flops: n * (4 * c * r + (activationOf(activation).flops.slope + 1) * r),
  });
  return { dexpanded, dreduced, dsqueezed };
}

interface LayerGradients {
  readonly dreduceWeight: Tensor;
  readonly dreduceBias: Tensor;
  readonly dexpandWeight: Tensor;
  readonly dexpandBias: Tensor;
}

/** Gradients of both layers' weights and biases, from dreduced[N,R] and dexpanded[N,C]. */
export function backwardWeights(
  device: Device,
  tensors: { squeezed: Tensor; reduced: Tensor; dreduced: Tensor; dexpanded: Tensor },
  gradients: LayerGradients,
  activation: SqueezeExciteAttrs['activation'],
): void {
  const [n, c] = tensors.squeezed.shape;
  const r = tensors.reduced.shape[1];
  const [groups, folds] = foldWorkgroups(Math.ceil((c * r) / WORKGROUP_SIZE));
  device.dispatch({
    kernel: backwardWeightsKernel,
    constants: {
      WIDTH: 1,
      HALF: false,
      WORKGROUP_SIZE,
      N: n,
      C: c,
      R: r,
      GROUPS_X: groups,
      ...activationConstants(activation),
    },
    reads: tensors,
    writes: {
      dreduce_weight: gradients.dreduceWeight,
      dreduce_bias: gradients.dreduceBias,
      dexpand_weight: gradients.dexpandWeight,
      dexpand_bias: gradients.dexpandBias,
    },
    workgroups: [groups, folds, 2],
    flops: n * c * r * (6 + activationOf(activation).flops.value),
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

/** Whether the gate's value is saved for backward; otherwise it is the input of its activation. */
const savesValue = (kind: ActivationKind) => activationOf(kind).slopeOfValue !== undefined;

/** The constants of gate.wgsl. */
export function gateConstants(kind: ActivationKind) {
  const { value, slope, slopeOfValue } = activationOf(kind);
  return { GATE_VALUE: value, GATE_SLOPE: slopeOfValue ?? slope, GATE_SAVES_VALUE: savesValue(kind) };
}

/** Constants and workgroups of a kernel of both layers: up to four images a workgroup, as many as fit into its memory. */
export function layers(device: Device, n: number, c: number, r: number) {
  const images = Math.min(4, n, Math.floor(MAX_REDUCED / r));
  const workgroups = foldWorkgroups(Math.ceil(n / images));
  return {
    constants: {
      WIDTH: 1,
      HALF: false,
      WORKGROUP_SIZE: device.capabilities.teamThreads,
      IMAGES: images,
      SHARED: images * r,
      ...{ N: n, C: c, R: r, GROUPS_X: workgroups[0] },
    },
    workgroups,
  };
}
