import type { Tensor } from '../../src/runtime/tensor.ts';
import type { ActivationKind } from '../activation/table.ts';
import type { Sum } from '../reduce/launch.ts';

/** Arguments of a convolution's forward pass. */
export interface Forward {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor;
  readonly y: Tensor;
  readonly stride: number;
  /** Applied to the sum before it is stored; none if omitted. */
  readonly activation?: ActivationKind | 'none';
}

/** Arguments of its backward pass to the input. */
export interface BackwardInput {
  readonly dy: Tensor;
  readonly weight: Tensor;
  readonly dx: Tensor;
  readonly stride: number;
}

/** Arguments of its backward pass to the weight. */
export interface BackwardWeight {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly dweight: Sum;
  readonly stride: number;
}
