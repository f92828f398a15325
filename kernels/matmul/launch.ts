import type { Device } from '../../src/runtime/device.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import * as linear from '../linear/launch.ts';

// The three products are those of a linear layer, where b is the weight, [inputs,outputs] in the backward pass's order.

/** product[M,N] = a[M,K] · b[K,N]. */
export function multiply(device: Device, { a, b, product }: { a: Tensor; b: Tensor; product: Tensor }): void {
  linear.backwardInput(device, { dy: a, weight: b, dx: product });
}

/** da[M,K] = dy[M,N] · b[K,N]ᵀ. */
export function backwardA(device: Device, { dy, b, da }: { dy: Tensor; b: Tensor; da: Tensor }): void {
  linear.forward(device, { x: dy, weight: b, y: da });
}

/** db[K,N] = a[M,K]ᵀ · dy[M,N]. */
export function backwardB(device: Device, { a, dy, db }: { a: Tensor; dy: Tensor; db: Tensor }): void {
  linear.backwardWeight(device, { x: dy, dy: a, dweight: db });
}
