import type { Sum } from '../../kernels/reduce/launch.ts';
import type { Device } from '../runtime/device.ts';
import type { Shape, Tensor } from '../runtime/tensor.ts';

/** An op's inputs by name; an optional one (a bias) may be missing. */
export type Inputs = Readonly<Record<string, Tensor | undefined>>;

/** Where the gradient of one input goes: a tensor shaped like it, to be filled, or slabs that the tape adds up. */
export interface GradientSlot extends Sum {
  /** Says that the gradient equals a tensor that is there already, so that nothing need be written. */
  alias(gradient: Tensor): void;
}

/** A slot for each input whose gradient is wanted, by the input's name. */
export type Wanted<In extends Inputs> = { readonly [Name in keyof In]?: GradientSlot };

/** What an op's forward pass leaves behind. */
export interface Outcome<Saved> {
  readonly y: Tensor;
  /** What the backward pass needs, and nothing more. */
  readonly saved: Saved;
}

/**
 * A differentiable operation: one row of the tape's rules. `forward` checks shapes, makes the output and queues the
 * kernels; `backward` queues the kernels that fill the wanted gradients.
 */
export interface Op<In extends Inputs, Attrs, Saved = unknown> {
  readonly name: string;
  forward(device: Device, inputs: In, attrs: Attrs): Outcome<Saved>;
  backward(device: Device, dy: Tensor, saved: Saved, attrs: Attrs, wanted: Wanted<In>): void;
}

/** Types a row from its functions. */
export const defineOp = <In extends Inputs, Attrs, Saved>(op: Op<In, Attrs, Saved>) => op;

/**
 * Checks what an op requires of its inputs.
 * @throws Error as `op: requirement, got what came`.
 */
export function require(holds: boolean, op: string, requirement: string, got: Shape | number | string): asserts holds {
  if (!holds) throw new Error(`${op}: ${requirement}, got ${typeof got === 'object' ? `[${got}]` : got}`);
}
