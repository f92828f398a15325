import { foldWorkgroups } from '../../src/runtime/command.ts';
import type { Device } from '../../src/runtime/device.ts';
import { size, type Tensor } from '../../src/runtime/tensor.ts';
import { type ActivationKind, activationConstants, activationOf } from '../activation/table.ts';
import { nchw } from '../common/launch.ts';
import { planeSum, planewise } from '../common/planes.ts';
import * as globalAvgPool from '../global_avg_pool/launch.ts';
import { type Sum, sideBySide } from '../reduce/launch.ts';
import backwardExciteKernel from './backward_excite.wgsl';
import backwardGateKernel from './backward_gate.wgsl';
import backwardInputKernel from './backward_input.wgsl';
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

/** Saved for backward: reduced[N,R] (before its activation), gate[N,C]. */
export interface Gate {
  /** As `excite` got it. */
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

/** Computes the gate from squeezed[N,C], the mean of each plane, or [N,C,k], where it is the first of k numbers. */
export function excite(
  device: Device,
  { squeezed, reduceWeight, reduceBias, expandWeight, expandBias }: Layers & { squeezed: Tensor },
  { activation, gate: kind }: SqueezeExciteAttrs,
): Gate {
  const [n, c, step = 1] = squeezed.shape;
  const r = size(reduceBias);
  const reduced = device.tensor([n, r]);
  const gate = device.tensor([n, c]);
  const savedGate = savesValue(kind) ? gate : device.tensor([n, c]);
  const { constants, groups } = layers(device, n, c, r);
  const workgroups = foldWorkgroups(groups);
  device.dispatch({
    kernel: exciteKernel,
    constants: {
      ...{ ...constants, GROUPS_X: workgroups[0], SQUEEZED_STEP: step },
      ...{ ...activationConstants(activation), ...gateConstants(kind) },
    },
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

/** The gradients of the layers' weights and biases, those that are wanted. */
export interface LayerSums {
  readonly reduceWeight?: Sum;
  readonly reduceBias?: Sum;
  readonly expandWeight?: Sum;
  readonly expandBias?: Sum;
}

/** The gradients of the layers' weights and biases, and dsqueezed[N,C], the gradient of the mean of each plane. */
export function backwardGate(
  device: Device,
  { x, dy, squeezed, reduceWeight, expandWeight, reduced, savedGate }: Weights & Gate & { x: Tensor; dy: Tensor },
  { activation, gate: kind }: SqueezeExciteAttrs,
  gradients: LayerSums,
): Tensor {
  const [n, c] = squeezed.shape;
  const dexpanded = device.tensor([n, c]);
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
  const { partial, constants, ...launch } = backwardLayers(device, { reduced, savedGate }, activation, gradients);
  device.dispatch({
    ...launch,
    kernel: backwardExciteKernel,
    constants,
    reads: { dexpanded, squeezed, reduced, reduce_weight: reduceWeight, expand_weight: expandWeight },
    writes: { dsqueezed, partial },
  });
  return dsqueezed;
}

/** The most rows of partial sums, and the most numbers in all of them. */
const MOST_ROWS = 256;
const MOST_NUMBERS = 2 ** 22;

/** Room for the partial sums of a kernel that includes backward_layers.wgsl, its constants, workgroups and cost. */
export function backwardLayers(
  device: Device,
  { reduced, savedGate }: Pick<Gate, 'reduced' | 'savedGate'>,
  activation: ActivationKind,
  { reduceWeight, reduceBias, expandWeight, expandBias }: LayerSums,
) {
  const [n, r] = reduced.shape;
  const c = savedGate.shape[1];
  const { constants, groups } = layers(device, n, c, r);
  const columns = [
    { count: r * c, sum: reduceWeight },
    { count: r, sum: reduceBias },
    { count: c * r, sum: expandWeight },
    { count: c, sum: expandBias },
  ];
  const rows = Math.min(groups, MOST_ROWS, Math.ceil(MOST_NUMBERS / (2 * c * r + r + c)));
  return {
    partial: sideBySide(device, columns, rows),
    constants: { ...constants, ROWS: rows, AGAIN: rows < groups, ...activationConstants(activation) },
    workgroups: [rows] as const,
    flops: n * (8 * c * r + (activationOf(activation).flops.slope + 1) * r + 2 * c),
  };
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

/** Constants of a kernel of both layers, and the groups of images: up to four in each, as workgroup memory allows. */
function layers(device: Device, n: number, c: number, r: number) {
  const images = Math.min(4, n, Math.floor(MAX_REDUCED / r));
  return {
    constants: {
      WIDTH: 1,
      HALF: false,
      WORKGROUP_SIZE: device.capabilities.teamThreads,
      IMAGES: images,
      SHARED: images * r,
      ...{ N: n, C: c, R: r },
    },
    groups: Math.ceil(n / images),
  };
}
