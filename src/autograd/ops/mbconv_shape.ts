import { activationKinds } from '../../../kernels/activation/table.ts';
import type { NormActivation } from '../../../kernels/batch_norm/launch.ts';
import type { SqueezeExciteAttrs } from '../../../kernels/squeeze_excite/launch.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import type { Inputs } from '../op.ts';
import { f32, optional, requireOneOf, requireStride, requireThat } from '../requirements.ts';
import { gateLayers, requireGate } from './squeeze_excite.ts';

// What an MBConv requires of its inputs and attributes, in training and in evaluation.

/** What MBConv in training and in evaluation have in common. */
export interface MBConvKinds {
  readonly stride: 1 | 2;
  /** After normalisations 1 and 2. */
  readonly activation: NormActivation;
  /** The activations of squeeze-and-excite, if the block has it. */
  readonly se?: SqueezeExciteAttrs;
  /** Whether the shortcut is added. */
  readonly skip: boolean;
}

/** Whether any of the named inputs is there. */
export const hasAny = (inputs: Inputs, ...names: string[]) => names.some((name) => inputs[name] !== undefined);

/** The shortcut's layer, from C to O channels. */
export const shortcutLayer = { shortcut: optional(f32('O', 'C', 1, 1)), shortcutBias: optional(f32('O')) };

/** Checks the stride, and that a shortcut without a layer can add x. */
export function requireShortcut(
  op: string,
  { shortcut, shortcutBias }: Inputs,
  { C, O }: Record<string, number>,
  { skip, stride }: MBConvKinds,
): void {
  requireStride(op, stride);
  requireThat(!skip || shortcut !== undefined || C === O, op, `shortcut must be f32 [${O},${C},1,1]`, 'none');
  const hasWeight = shortcut !== undefined || shortcutBias === undefined;
  requireThat(hasWeight, op, 'shortcutBias must come with shortcut', 'it alone');
  requireThat(skip || shortcut === undefined, op, 'skip must be true with a shortcut', skip);
}

/** What squeeze-and-excite of H channels requires, if the block has it. */
export const gateOfBlock = (inputs: Inputs, channels: string) =>
  hasAny(inputs, 'reduceWeight', 'reduceBias', 'expandWeight', 'expandBias') ? gateLayers(channels) : {};

/** Checks squeeze-and-excite, if the block has it, and the activation. */
export function requireKinds(op: string, R: number | undefined, { activation, se }: MBConvKinds): void {
  requireOneOf(op, 'activation', activation, ['none', ...activationKinds]);
  const present = R !== undefined;
  requireThat(present === (se !== undefined), op, `se must be ${present ? 'given' : 'left out'}`, se);
  if (se) requireGate(op, R!, se);
}

/** Checks a depthwise weight. */
export function requireKernel(op: string, { K, L }: Record<string, number>): void {
  requireThat(K === L && (K === 3 || K === 5), op, 'the depthwise kernel must be 3×3 or 5×5', `${K}×${L}`);
}

/** Tensors of squeeze-and-excite's layers, which a block may lack. */
type GateInputs = {
  readonly reduceWeight?: Tensor;
  readonly reduceBias?: Tensor;
  readonly expandWeight?: Tensor;
  readonly expandBias?: Tensor;
};

/** The layers of a gate that is there. */
export const layersOfGate = ({ reduceWeight, reduceBias, expandWeight, expandBias }: GateInputs) => ({
  ...{ reduceWeight: reduceWeight!, reduceBias: reduceBias! },
  ...{ expandWeight: expandWeight!, expandBias: expandBias! },
});
