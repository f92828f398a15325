import * as batchNorm from '../../../kernels/batch_norm/launch.ts';
import { add } from '../../../kernels/elementwise/launch.ts';
import * as maxPool from '../../../kernels/max_pool/launch.ts';
import * as backward from '../../../kernels/mbconv/backward.ts';
import { depthwiseBackward } from '../../../kernels/mbconv/depthwise_backward.ts';
import * as forward from '../../../kernels/mbconv/forward.ts';
import * as pointwise from '../../../kernels/pointwise/launch.ts';
import { excite, type SqueezeExciteAttrs } from '../../../kernels/squeeze_excite/launch.ts';
import type { Device } from '../../runtime/device.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, type GradientSlot } from '../op.ts';
import { f32, float, requireInputs } from '../requirements.ts';
import { type BatchNormRates, requireAllRunning, requireBatch, requireRates } from './batch_norm.ts';
import {
  gateOfBlock,
  hasAny,
  layersOfGate,
  type MBConvKinds,
  requireKernel,
  requireKinds,
  requireShortcut,
  shortcutLayer,
} from './mbconv_shape.ts';

/** Weights and biases of the layers; gamma and beta of normalisations 0 to 3. Those that may be missing come in groups. */
export type MBConvInputs = {
  x: Tensor;
  /** Missing if the block does not normalise x. */
  gamma0?: Tensor;
  beta0?: Tensor;
  /** Missing, with bn0, if the depthwise convolution reads x. */
  expand?: Tensor;
  gamma1?: Tensor;
  beta1?: Tensor;
  depthwise: Tensor;
  gamma2: Tensor;
  beta2: Tensor;
  /** Missing if the block has no squeeze-and-excite. */
  reduceWeight?: Tensor;
  reduceBias?: Tensor;
  expandWeight?: Tensor;
  expandBias?: Tensor;
  project: Tensor;
  gamma3: Tensor;
  beta3: Tensor;
  /** Missing if the shortcut is x itself, or x pooled at stride 2, or if there is none. */
  shortcut?: Tensor;
  shortcutBias?: Tensor;
};

/** The stride, the running statistics, the activations and the rates of an MBConv block. */
export interface MBConvAttrs extends MBConvKinds, BatchNormRates {
  /** Running statistics of the normalisations that the block has: all four, or the last of them. */
  readonly running: readonly batchNorm.Running[];
}

/**
 * A whole MBConv in training, x[N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉]: the layers that nn/blocks.ts composes, with moments summed by
 * the kernel that computes a normalisation's input. Normalisation, activation and gate are applied by the kernels that read
 * them. No normalised or activated tensor is stored.
 */
export const mbconv = defineOp({
  name: 'mbconv',
  shape(inputs: MBConvInputs, { running, ...attrs }: MBConvAttrs) {
    const expands = hasAny(inputs, 'expand', 'gamma1', 'beta1', 'gamma0', 'beta0');
    const hasBn0 = hasAny(inputs, 'gamma0', 'beta0');
    const H = expands ? 'E' : 'C';
    const extents = requireInputs(this.name, inputs, {
      x: float('N', 'C', 'H', 'W'),
      ...(hasBn0 && { gamma0: f32('C'), beta0: f32('C') }),
      ...(expands && { expand: f32('E', 'C', 1, 1), gamma1: f32('E'), beta1: f32('E') }),
      ...{ depthwise: f32(H, 1, 'K', 'L'), gamma2: f32(H), beta2: f32(H), ...gateOfBlock(inputs, H) },
      ...{ project: f32('O', H, 1, 1), gamma3: f32('O'), beta3: f32('O'), ...shortcutLayer },
    });
    const { N, C, O, R } = extents;
    const hidden = extents[H];
    requireKernel(this.name, extents);
    requireShortcut(this.name, inputs, extents, attrs);
    requireKinds(this.name, R, attrs);
    requireRates(this.name, attrs);
    const channels = [...(hasBn0 ? [C] : []), ...(expands ? [hidden] : []), hidden, O];
    requireAllRunning(this.name, running, channels);
    const shape = [N, O, Math.ceil(extents.H / attrs.stride), Math.ceil(extents.W / attrs.stride)];
    requireBatch(this.name, 'the output', shape);
    return shape;
  },

  forward(device, inputs, attrs, context) {
    const { x, expand } = inputs;
    const shape = this.shape(inputs, attrs);
    const [n, , ...extents] = shape;
    const [hidden] = inputs.depthwise.shape;
    const { stride, activation, se, skip: adds, running, ...rates } = attrs;
    const norm = (i: 0 | 1 | 2 | 3) => ({
      gamma: inputs[`gamma${i}`]!,
      beta: inputs[`beta${i}`]!,
      running: running[i - 4 + running.length],
      ...rates,
    });
    let e = x;
    let moments0: Tensor | undefined;
    let moments1: Tensor | undefined;
    if (expand) {
      moments0 = context.takeMoments(x) ?? batchNorm.statistics(device, x);
      e = device.tensor([n, hidden, ...x.shape.slice(2)], x.dtype);
      const expansion = { x, moments: moments0, weight: expand, y: e };
      moments1 = inputs.gamma0
        ? forward.expand(device, { ...expansion, norm: norm(0) })
        : forward.expandPlain(device, expansion);
    }
    const d = device.tensor([n, hidden, ...extents], x.dtype);
    const convolution = { x: e, weight: inputs.depthwise, y: d, stride };
    // The norms of bn2 in row 0; with an expansion those of bn1 in the last row.
    const depthwiseNorms = moments1
      ? forward.depthwise(device, { ...convolution, moments: moments1, norm: norm(1) }, activation)
      : forward.depthwisePlain(device, convolution);
    const moments2 = moments1 ? forward.momentsOfDepthwise(depthwiseNorms) : depthwiseNorms;
    const gated = se && gateOf(device, { x: d, moments: moments2, norm: norm(2) }, inputs, se, activation);
    const norms2 = gated ? batchNorm.storedNorms(moments2) : batchNorm.batchNorms(device, moments2, norm(2));
    const p = device.tensor(shape, x.dtype);
    const projection = { x: d, norms: norms2, gate: gated?.gate, weight: inputs.project, y: p };
    const moments3 = forward.project(device, projection, activation);

    const { skip, pooled, largest } = adds ? forwardShortcut(device, inputs, stride) : NO_SHORTCUT;
    const y = device.tensor(shape, x.dtype);
    const moments = batchNorm.normalizeBatchWithMoments(device, {
      x: p,
      moments: moments3,
      norm: norm(3),
      skip,
      activation: 'none',
      y,
    });
    const norms = {
      0: moments0 && batchNorm.storedNorms(moments0),
      2: norms2,
      3: batchNorm.storedNorms(moments3),
      depthwise: depthwiseNorms,
    };
    return { y, moments, saved: { inputs, e, d, p, norms, gated, pooled, largest } };
  },

  backward(device, dy, saved, { stride, activation, se, skip: adds }, wanted) {
    const { inputs, e, d, p, norms, gated, pooled, largest } = saved;
    /** The tensor of an input's gradient. A kernel that computes several gradients needs them all, wanted or not. */
    const gradientOf = (name: keyof MBConvInputs) => wanted[name]?.tensor ?? device.tensor(inputs[name]!.shape);
    const [, c, h, w] = p.shape;

    const projection = { dy, p, d, norms2: norms[2] };
    // The shortcut's bias and bn3's beta have the same gradient, the sum of dy.
    const dbeta3 = inputs.shortcutBias ? device.tensor([c]) : gradientOf('beta3');
    const project = { dweight: gradientOf('project'), dgamma: gradientOf('gamma3'), dbeta: dbeta3 };
    if (inputs.shortcutBias) {
      wanted.beta3?.alias(dbeta3);
      wanted.shortcutBias?.alias(dbeta3);
    }
    const gate = gated?.gate;
    const backwardNorms3 = backward.projectBackwardWeight(
      device,
      { ...projection, norms3: norms[3], gate },
      project,
      activation,
    );
    const { dz, sums } = backward.projectBackwardInput(
      device,
      { ...projection, backwardNorms: backwardNorms3, weight: inputs.project },
      activation,
    );
    const planes = gated && backward.backwardExcite(device, { sums, ...gated }, h * w, se!, wanted);

    const { x, expand, shortcut } = inputs;
    const depthwise = { dz, d, e, norms: norms.depthwise, sums, planes, weight: inputs.depthwise, stride };
    const dx = device.tensor(e.shape, e.dtype);
    const outputs = { dx, expanded: expand !== undefined, wanted };
    const depthwiseSums = depthwiseBackward(device, depthwise, outputs, activation);
    /** Fills x's gradient, from that through the shortcut, if there is one. */
    let backwardInput: (slot: GradientSlot, skip?: Tensor) => void;
    if (expand) {
      const expansion = { du: dx, x, norms: norms[0]! };
      const dweight = gradientOf('expand');
      const inputMatrix = backward.expandBackwardWeight(
        device,
        { ...expansion, depthwiseSums, weight: expand },
        inputs.gamma0 ? { dweight, dgamma: gradientOf('gamma0'), dbeta: gradientOf('beta0') } : { dweight },
      );
      backwardInput = (slot, skip) =>
        backward.expandBackwardInput(device, { ...expansion, inputMatrix, skip, dx: slot.tensor });
    } else {
      backwardInput = (slot, skip) => {
        if (skip) add(device, { a: dx, b: skip, sum: slot.tensor });
        else slot.alias(dx);
      };
    }
    if (shortcut && wanted.shortcut) {
      pointwise.backwardWeight(device, { x: pooled!, dy, dweight: wanted.shortcut, stride: 1 });
    }
    if (wanted.x) {
      const skip = adds ? backwardShortcut(device, { dy, pooled: pooled!, shortcut, largest, x }) : undefined;
      backwardInput(wanted.x, skip);
    }
  },
});

const NO_SHORTCUT = { skip: undefined, pooled: undefined, largest: undefined };

/** Normalisation 2 and the gate from d. Returns what the backward pass needs. */
function gateOf(
  device: Device,
  normalized: Parameters<typeof forward.squeeze>[1],
  inputs: MBConvInputs,
  se: SqueezeExciteAttrs,
  activation: batchNorm.NormActivation,
) {
  const squeezed = forward.squeeze(device, normalized, activation);
  const layers = layersOfGate(inputs);
  return { ...layers, ...excite(device, { squeezed, ...layers }, se) };
}

/** The shortcut's output, the input of its layer, and the place of each pooled pixel in its window. */
export function forwardShortcut(
  device: Device,
  { x, shortcut, shortcutBias }: Pick<MBConvInputs, 'x' | 'shortcut' | 'shortcutBias'>,
  stride: 1 | 2,
): { skip: Tensor; pooled: Tensor; largest?: Tensor } {
  const [n, c, h, w] = x.shape;
  const output = (channels: number) =>
    device.tensor([n, channels, Math.ceil(h / stride), Math.ceil(w / stride)], x.dtype);
  let pooled = x;
  let largest: Tensor | undefined;
  if (stride === 2) {
    pooled = output(c);
    largest = maxPool.forward(device, { x, y: pooled });
  }
  if (!shortcut) return { skip: pooled, pooled, largest };
  const skip = output(shortcut.shape[0]);
  pointwise.forward(device, { x: pooled, weight: shortcut, bias: shortcutBias, y: skip, stride: 1 });
  return { skip, pooled, largest };
}

/** The shortcut's part of the gradient of x. */
function backwardShortcut(
  device: Device,
  { dy, pooled, shortcut, largest, x }: { dy: Tensor; pooled: Tensor; shortcut?: Tensor; largest?: Tensor; x: Tensor },
): Tensor {
  let gradient = dy;
  if (shortcut) {
    gradient = device.tensor(pooled.shape, x.dtype);
    pointwise.backwardInput(device, { dy, weight: shortcut, dx: gradient, stride: 1 });
  }
  if (!largest) return gradient;
  const dx = device.tensor(x.shape, x.dtype);
  maxPool.backward(device, { dy: gradient, largest, dx });
  return dx;
}
