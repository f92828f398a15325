import type { Tensor } from '../../src/runtime/tensor.ts';
import type { Sum } from '../reduce/launch.ts';
import type { ActivationKind } from './activation.ts';

/** What a convolution's forward pass takes. */
export interface Forward {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias?: Tensor;
  readonly y: Tensor;
  readonly stride: number;
  /** Of what is stored; without one it is the bare sum. */
  readonly activation?: ActivationKind | 'none';
}

/** What its backward pass to the input takes. */
export interface BackwardInput {
  readonly dy: Tensor;
  readonly weight: Tensor;
  readonly dx: Tensor;
  readonly stride: number;
}

/** What its backward pass to the weight takes. */
export interface BackwardWeight {
  readonly x: Tensor;
  readonly dy: Tensor;
  readonly dweight: Sum;
  readonly stride: number;
}
