import { reference as activate } from '../activation/reference.ts';
import type { ActivationKind } from '../activation/table.ts';
import { referenceWith } from '../batch_norm/reference.ts';
import type { HostArray } from '../common/reference.ts';
import { reference as convolveDepthwise } from '../depthwise/reference.ts';
import { add } from '../elementwise/reference.ts';
import { reference as maxPool } from '../max_pool/reference.ts';
import { reference as pointwise } from '../pointwise/reference.ts';
import type { SqueezeExciteAttrs } from '../squeeze_excite/launch.ts';
import { reference as squeezeExcite } from '../squeeze_excite/reference.ts';

type Arrays = Record<string, HostArray>;

interface Kinds {
  readonly stride: number;
  readonly activation: ActivationKind | 'none';
  readonly se?: SqueezeExciteAttrs;
  readonly skip: boolean;
}

/** An MBConv block with batch statistics in float64, layer by layer. */
export function reference(inputs: Arrays, attrs: Kinds & { eps: number }): HostArray {
  const { stride, activation, eps } = attrs;
  const normalize = (x: HostArray, i: 0 | 1 | 2 | 3, kind: ActivationKind | 'none') =>
    referenceWith()({ x, gamma: inputs[`gamma${i}`], beta: inputs[`beta${i}`] }, { eps, activation: kind });
  let e = inputs.gamma0 ? normalize(inputs.x, 0, 'none') : inputs.x;
  if (inputs.expand) e = normalize(unbiased(e, inputs.expand), 1, activation);
  const d = convolveDepthwise({ x: e, weight: inputs.depthwise }, { stride });
  const excited = excite(normalize(d, 2, activation), inputs, attrs);
  const y = normalize(unbiased(excited, inputs.project), 3, 'none');
  return addShortcut(y, inputs, attrs);
}

/** The same with the normalisations folded into the convolutions, in float64. */
export function folded(inputs: Arrays, attrs: Kinds): HostArray {
  const { stride, activation: kind } = attrs;
  const activated = (x: HostArray) => (kind === 'none' ? x : activate({ x }, { kind }));
  const { x, weight1, bias1 } = inputs;
  const e = weight1 ? activated(pointwise({ x, weight: weight1, bias: bias1 }, { stride: 1 })) : x;
  const d = addBias(convolveDepthwise({ x: e, weight: inputs.weight2 }, { stride }), inputs.bias2);
  const excited = excite(activated(d), inputs, attrs);
  const y = pointwise({ x: excited, weight: inputs.weight3, bias: inputs.bias3 }, { stride: 1 });
  return addShortcut(y, inputs, attrs);
}

const excite = (x: HostArray, inputs: Arrays, { se }: Kinds) => (se ? squeezeExcite({ ...gateOf(inputs), x }, se) : x);

const addShortcut = (y: HostArray, inputs: Arrays, { stride, skip }: Kinds) =>
  skip ? add({ a: y, b: shortcut(inputs, stride) }, {}) : y;

const unbiased = (x: HostArray, weight: HostArray) =>
  pointwise({ x, weight } as Parameters<typeof pointwise>[0], { stride: 1 });

const gateOf = ({ reduceWeight, reduceBias, expandWeight, expandBias }: Arrays) => ({
  ...{ reduceWeight, reduceBias, expandWeight, expandBias },
});

function addBias(x: HostArray, bias: HostArray): HostArray {
  return x.each(([n, c, i, j]) => x.at(n, c, i, j) + bias.at(c));
}

/** x, pooled at stride 2, and convolved if the shortcut has a layer. */
function shortcut({ x, shortcut: weight, shortcutBias: bias }: Arrays, stride: number): HostArray {
  const pooled = stride === 2 ? maxPool({ x }, {}) : x;
  return weight ? pointwise({ x: pooled, weight, bias }, { stride: 1 }) : pooled;
}
