import { type Shape, sizeOf } from '../../src/runtime/tensor.ts';

/** A float64 array on the host, for the reference implementations that kernels are tested against. */
export class HostArray {
  constructor(
    readonly shape: Shape,
    readonly data: Float64Array,
  ) {}

  /** The element at a full index. */
  at(...index: number[]): number {
    let offset = 0;
    for (let axis = 0; axis < this.shape.length; axis++) offset = offset * this.shape[axis] + index[axis];
    return this.data[offset];
  }

  /** Sets every element to `f(index)`. */
  each(f: (index: number[]) => number): this {
    const index = this.shape.map(() => 0);
    for (let i = 0; i < this.data.length; i++) {
      this.data[i] = f(index);
      for (let axis = this.shape.length - 1; axis >= 0; axis--) {
        index[axis] = (index[axis] + 1) % this.shape[axis];
        if (index[axis] !== 0) break;
      }
    }
    return this;
  }
}

export const zeros = (shape: Shape) => new HostArray(shape, new Float64Array(sizeOf(shape)));

/** An op in plain float64 loops. Optional inputs may be missing. */
export type Reference<Names extends string, Attrs> = (inputs: Record<Names, HostArray>, attrs: Attrs) => HostArray;
