import * as batchNorm from '../../../kernels/batch_norm/launch.ts';
import * as maxPool from '../../../kernels/max_pool/launch.ts';
import * as back from '../../../kernels/mbconv/backward.ts';
import * as forth from '../../../kernels/mbconv/forward.ts';
import * as pointwise from '../../../kernels/pointwise/launch.ts';
import { backwardWeights, excite, type SqueezeExciteAttrs } from '../../../kernels/squeeze_excite/launch.ts';
import type { Device } from '../../runtime/device.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import { defineOp, require } from '../op.ts';

/** Weights and biases by the layers' names; gamma and beta of the four normalisations by their numbers. */
export type MBConvInputs = {
  x: Tensor;
  gamma0: Tensor;
  beta0: Tensor;
  expand: Tensor;
  gamma1: Tensor;
  beta1: Tensor;
  depthwise: Tensor;
  gamma2: Tensor;
  beta2: Tensor;
  reduceWeight: Tensor;
  reduceBias: Tensor;
  expandWeight: Tensor;
  expandBias: Tensor;
  project: Tensor;
  gamma3: Tensor;
  beta3: Tensor;
  /** Missing where the shortcut is x itself. */
  shortcut?: Tensor;
  shortcutBias?: Tensor;
};

export interface MBConvAttrs extends SqueezeExciteAttrs {
  readonly stride: 1 | 2;
  /** Running statistics of the four normalisations. */
  readonly running: readonly batchNorm.Running[];
  readonly momentum: number;
  readonly eps: number;
}

/**
 * A whole MBConv in training, x[N,C,H,W] → [N,O,⌈H/s⌉,⌈W/s⌉]: what nn/blocks.ts composes of single layers, with the
 * normalisations' statistics taken where their input is made, and applied together with activation and gate where it is
 * read. Nothing that has been normalised or activated is ever stored.
 */
export const mbconv = defineOp({
  name: 'mbconv',
  forward(device, inputs: MBConvInputs, attrs: MBConvAttrs) {
    const { x } = inputs;
    require(x.shape.length === 4, this.name, 'x must be [N,C,H,W]', x.shape);
    const [n, c, h, w] = x.shape;
    const [hidden] = inputs.expand.shape;
    const [channels] = inputs.project.shape;
    require(inputs.expand.shape[1] === c, this.name, `expand must be [H,${c},1,1]`, inputs.expand.shape);
    const { stride, activation, running, ...rates } = attrs;
    const norm = (i: 0 | 1 | 2 | 3) => ({
      gamma: inputs[`gamma${i}`],
      beta: inputs[`beta${i}`],
      running: running[i],
      ...rates,
    });
    const small = [Math.ceil(h / stride), Math.ceil(w / stride)];
    const picture = (...shape: number[]) => device.tensor(shape, x.dtype);

    const moments0 = batchNorm.momentsOf(device, x);
    const e = picture(n, hidden, h, w);
    const moments1 = forth.expand(device, { x, moments: moments0, norm: norm(0), weight: inputs.expand, y: e });
    const d = picture(n, hidden, ...small);
    const moments2 = forth.depthwise(
      device,
      { x: e, moments: moments1, norm: norm(1), weight: inputs.depthwise, y: d, stride },
      activation,
    );
    const { squeezed, slopes } = forth.squeeze(device, { x: d, moments: moments2, norm: norm(2) }, activation);
    const { reduced, gate } = excite(device, { squeezed, ...inputs }, attrs);
    const p = picture(n, channels, ...small);
    const moments3 = forth.project(
      device,
      { x: d, norms: batchNorm.normsIn(moments2), gate, weight: inputs.project, y: p },
      activation,
    );

    const { skip, pooled, largest } = skipOf(device, inputs, stride);
    const y = picture(n, channels, ...small);
    const moments = batchNorm.joinLeaving(device, {
      x: p,
      moments: moments3,
      norm: norm(3),
      skip,
      activation: 'none',
      y,
    });
    const norms = [moments0, moments1, moments2, moments3].map(batchNorm.normsIn);
    const saved = { inputs, e, d, p, norms, squeezed, slopes, reduced, gate, pooled, largest };
    return { y: { ...y, moments: { tensor: moments } }, saved };
  },

  backward(device, dy, saved, { stride, activation, gate: kind }, wanted) {
    const { inputs, e, d, p, norms, squeezed, slopes, reduced, gate, pooled, largest } = saved;
    const [norms0, norms1, norms2, norms3] = norms;
    /** Where an input's gradient goes, wanted or not: most come together with others. */
    const into = (name: keyof MBConvInputs) => wanted[name]?.tensor ?? device.tensor(inputs[name]!.shape);
    const around = (weight: keyof MBConvInputs, i: 0 | 1) => ({
      dweight: into(weight),
      dgamma: into(`gamma${i}`),
      dbeta: into(`beta${i}`),
    });
    const [, channels, h, w] = p.shape;
    const attrs = { activation, gate: kind };

    const projection = { dy, p, d, norms2 };
    // The shortcut's bias and bn3's beta have the same gradient, the sum of dy.
    const dbeta3 = inputs.shortcutBias ? device.tensor([channels]) : into('beta3');
    const project = { dweight: into('project'), dgamma: into('gamma3'), dbeta: dbeta3 };
    if (inputs.shortcutBias) {
      wanted.beta3?.alias(dbeta3);
      wanted.shortcutBias?.alias(dbeta3);
    }
    const slopes3 = back.projectBackwardWeight(device, { ...projection, norms3, gate }, project, activation);
    const { dz, sums } = back.projectBackwardInput(
      device,
      { ...projection, slopes: slopes3, weight: inputs.project },
      activation,
    );
    const { reduceWeight, expandWeight } = inputs;
    const { dexpanded, dreduced, planes } = back.backwardExcite(
      device,
      { sums, gate, reduced, reduceWeight, expandWeight },
      h * w,
      attrs,
    );
    backwardWeights(
      device,
      { squeezed, reduced, dreduced, dexpanded },
      {
        ...{ dreduceWeight: into('reduceWeight'), dreduceBias: into('reduceBias') },
        ...{ dexpandWeight: into('expandWeight'), dexpandBias: into('expandBias') },
      },
      activation,
    );
    const hidden = back.batch(device, { sums, slopes, planes, norms1, norms2 }, h * w, {
      dgamma: into('gamma2'),
      dbeta: into('beta2'),
    });
    const { du, slopes: slopes1 } = back.depthwiseBackward(
      device,
      { dz, d, e, channels: hidden, planes, weight: inputs.depthwise, stride },
      around('depthwise', 1),
      activation,
    );
    const expansion = { du, x: inputs.x, norms: norms0 };
    const through = back.expandBackwardWeight(
      device,
      { ...expansion, slopes: slopes1, weight: inputs.expand },
      around('expand', 0),
    );

    const { shortcut } = inputs;
    if (shortcut && wanted.shortcut) {
      pointwise.backwardWeight(device, { x: pooled, dy, dweight: wanted.shortcut, stride: 1 });
    }
    if (wanted.x) {
      const skip = skipGradient(device, { dy, pooled, shortcut, largest, x: inputs.x });
      back.expandBackwardInput(device, { ...expansion, through, skip, dx: wanted.x.tensor });
    }
  },
});

/** What an MBConv's shortcut gives, what it was made of, and where in its window each pooled pixel was. */
export function skipOf(
  device: Device,
  { x, shortcut, shortcutBias }: Pick<MBConvInputs, 'x' | 'shortcut' | 'shortcutBias'>,
  stride: 1 | 2,
): { skip: Tensor; pooled: Tensor; largest?: Tensor } {
  const [n, c, h, w] = x.shape;
  const picture = (channels: number) =>
    device.tensor([n, channels, Math.ceil(h / stride), Math.ceil(w / stride)], x.dtype);
  let pooled = x;
  let largest: Tensor | undefined;
  if (stride === 2) {
    pooled = picture(c);
    largest = maxPool.forward(device, { x, y: pooled });
  }
  if (!shortcut) return { skip: pooled, pooled, largest };
  const skip = picture(shortcut.shape[0]);
  pointwise.forward(device, { x: pooled, weight: shortcut, bias: shortcutBias, y: skip, stride: 1 });
  return { skip, pooled, largest };
}

/** The gradient of x by the shortcut. */
function skipGradient(
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
