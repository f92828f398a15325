import { reference as activate } from '../activation/reference.ts';
import type { ActivationKind } from '../activation/table.ts';
import { referenceWith } from '../batch_norm/reference.ts';
import type { HostArray } from '../common/reference.ts';
import { reference as conv3x3 } from '../conv3x3/reference.ts';
import { add } from '../elementwise/reference.ts';
import { reference as pointwise } from '../pointwise/reference.ts';

type Arrays = Record<string, HostArray>;

interface Kinds {
  readonly stride: number;
  readonly activation: ActivationKind;
}

/** A Residual block with batch statistics in float64, layer by layer. */
export const reference = (inputs: Arrays, attrs: Kinds & { eps: number }): HostArray =>
  block(inputs, attrs, (x, i, activation) =>
    referenceWith()({ x, gamma: inputs[`gamma${i}`], beta: inputs[`beta${i}`] }, { eps: attrs.eps, activation }),
  );

/** The same with the normalisations folded into the convolutions, in float64. */
export const folded = (inputs: Arrays, attrs: Kinds): HostArray =>
  block(inputs, attrs, (x, _, activation) => (activation === 'none' ? x : activate({ x }, { kind: activation })));

/** The block, given how it normalises and activates. */
function block(
  inputs: Arrays,
  { stride, activation }: Kinds,
  normalize: (x: HostArray, i: 1 | 2, activation: ActivationKind | 'none') => HostArray,
): HostArray {
  const { x, weight1, bias1, weight2, bias2, shortcut, shortcutBias } = inputs;
  const a1 = normalize(conv3x3({ x, weight: weight1, bias: bias1 }, { stride }), 1, activation);
  const a2 = normalize(conv3x3({ x: a1, weight: weight2, bias: bias2 }, { stride: 1 }), 2, 'none');
  const b = pointwise({ x, weight: shortcut, bias: shortcutBias }, { stride });
  return activate({ x: add({ a: a2, b }, {}) }, { kind: activation });
}
