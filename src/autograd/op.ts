import type { OnnxBuilder } from '../../kernels/common/onnx.ts';
import type { Sum } from '../../kernels/reduce/launch.ts';
import type { Device } from '../runtime/device.ts';
import type { Shape, Tensor } from '../runtime/tensor.ts';

/** An op's inputs by name; an optional one (a bias) may be missing. */
export type Inputs = Readonly<Record<string, Tensor | undefined>>;

/** Where the gradient of one input goes: a tensor of its shape to be filled, or partial sums that the tape merges. */
export interface GradientSlot extends Sum {
  /** Makes an existing tensor the gradient, so that nothing need be written. */
  alias(gradient: Tensor): void;
}

/** A slot for each input whose gradient is wanted, by the input's name. */
export type Wanted<In extends Inputs> = { readonly [Name in keyof In]?: GradientSlot };

/** What an op's forward pass returns. */
export interface Outcome<Saved> {
  readonly y: Tensor;
  /** What the backward pass needs, and nothing more. */
  readonly saved: Saved;
  /** The moments of y[N,C,H,W] for one batch normalisation that reads y next, if the op computes them on the way. */
  readonly moments?: Tensor;
}

/** What a forward pass can ask of the tape it runs on. */
export interface ForwardContext {
  /**
   * Returns the moments of x, if the op that made x returned them and they still exist. Each is returned only once: a
   * normalisation overwrites the first row of its moments.
   */
  takeMoments(x: Tensor): Tensor | undefined;
}

/** A differentiable operation: one row of the tape's rules. */
export interface Op<In extends Inputs, Attrs, Saved = unknown> {
  readonly name: string;
  /**
   * Checks all inputs and attributes. Needs no device. Returns the shape of the output.
   * @throws Error as `op: requirement, got X`
   */
  shape(inputs: In, attrs: Attrs): Shape;
  /** Adds the ONNX nodes that compute the op in evaluation, from the inputs' names. Returns the name of the output. */
  onnx?(graph: OnnxBuilder, inputs: { readonly [Name in keyof In]: string }, attrs: Attrs): string;
  /** Checks the inputs by `shape`, allocates the output and queues the kernels that compute it. */
  forward(device: Device, inputs: In, attrs: Attrs, context: ForwardContext): Outcome<Saved>;
  /** Queues the kernels that fill the wanted gradients. Missing if the op is for evaluation only. */
  backward?(device: Device, dy: Tensor, saved: Saved, attrs: Attrs, wanted: Wanted<In>): void;
}

/** Types a row from its functions. */
export const defineOp = <In extends Inputs, Attrs, Saved>(op: Op<In, Attrs, Saved>) => op;
