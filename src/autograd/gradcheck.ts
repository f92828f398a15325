import type { Device } from '../runtime/device.ts';
import { size, type Tensor } from '../runtime/tensor.ts';
import { requireTensor } from './requirements.ts';
import { Tape } from './tape.ts';

/** A differentiable function of named tensors: an op, a module's forward pass, a whole net. */
export type Differentiable = (tape: Tape, inputs: Record<string, Tensor>) => Tensor;

/** The step and the tolerance of a gradient check. */
export interface GradcheckOptions {
  /** Step of the central difference, in the input's units. The best one balances f32 rounding and curvature. */
  readonly eps?: number;
  /** Largest accepted error, relative to the gradient's norm. */
  readonly tolerance?: number;
}

const DIRECTIONS = 3;

/**
 * Checks the gradients of `f` on the device against central finite differences of `f` on the device, along a few
 * random directions of each input (as PyTorch's `gradcheck(fast_mode=True)`).
 *
 * @param inputs f32 tensors; integers and f16 tensors that `f` reads are not inputs, it must get them in another way
 * @returns the worst error, relative to the gradient's norm
 * @throws Error naming the input whose gradient is off, or the tensor that is not f32
 */
export async function gradcheck(
  device: Device,
  f: Differentiable,
  inputs: Record<string, Tensor>,
  { eps = 1e-2, tolerance = 1e-2 }: GradcheckOptions = {},
): Promise<number> {
  for (const [name, input] of Object.entries(inputs)) requireF32(name, input);
  const random = pseudoRandom(1);
  const { shape } = device.tidy(() => {
    const y = f(new Tape(device), inputs);
    requireF32('the output', y);
    return { shape: y.shape };
  });
  const upstream = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random());
  const dy = device.upload(upstream, shape);

  const gradients = device.tidy(() => {
    const tape = new Tape(device);
    for (const input of Object.values(inputs)) tape.watch(input);
    return tape.backward(f(tape, inputs), dy);
  });
  const project = async (replaced: Record<string, Tensor>): Promise<number> => {
    const y = device.tidy(() => f(new Tape(device), replaced));
    const values = await device.read(y);
    device.release(y);
    return values.reduce((sum, value, i) => sum + value * upstream[i], 0);
  };

  try {
    const analytics: Record<string, Float32Array> = {};
    for (const [name, input] of Object.entries(inputs)) {
      const gradient = gradients.get(input);
      if (!gradient) throw new Error(`gradcheck(): '${name}' got no gradient`);
      analytics[name] = await device.read(gradient);
    }
    // A gradient that is zero (a bias in front of a normalisation) is all rounding, which is relative to the others.
    const smallest = Math.max(1e-3, 1e-2 * Math.max(...Object.values(analytics).map(normOf)));

    let worst = 0;
    for (const [name, analytic] of Object.entries(analytics)) {
      const input = inputs[name];
      const base = await device.read(input);
      const norm = Math.max(normOf(analytic), smallest);
      for (let d = 0; d < DIRECTIONS; d++) {
        const direction = Float32Array.from({ length: size(input) }, () => (random() < 0 ? -1 : 1));
        const moved = async (step: number) => {
          const tensor = device.upload(
            base.map((value, i) => value + step * direction[i]),
            input.shape,
          );
          const value = await project({ ...inputs, [name]: tensor });
          device.release(tensor);
          return value;
        };
        const numeric = ((await moved(eps)) - (await moved(-eps))) / (2 * eps);
        const expected = analytic.reduce((sum, value, i) => sum + value * direction[i], 0);
        const error = Math.abs(numeric - expected) / norm;
        worst = Math.max(worst, error);
        if (!(error <= tolerance)) {
          throw new Error(
            `gradcheck(): gradient of '${name}' must match finite differences within ${tolerance}, got ${expected} ` +
              `where they give ${numeric} (relative to its norm: ${error.toPrecision(2)})`,
          );
        }
      }
    }
    return worst;
  } finally {
    for (const gradient of gradients.values()) if (gradient !== dy) device.release(gradient);
    device.release(dy);
  }
}

/** Finite differences need f32: a step is lost in f16's rounding, and integers have no gradients. */
const requireF32 = (name: string, tensor: Tensor | undefined) =>
  requireTensor('gradcheck()', name, tensor, { dtypes: ['f32'] });

const normOf = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** Numbers in [-1, 1), the same each time. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 23 - 1;
  };
}
