import { sizeOf } from '../runtime/tensor.ts';
import type { Initialiser } from './module.ts';

const constant =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

/** All zeros. */
export const zeros = constant(0);

/** All ones. */
export const ones = constant(1);

/** Standard deviation of a standard normal distribution truncated at ±2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/** Normal distribution truncated at two standard deviations, of standard deviation `std` after the truncation. */
const truncatedNormal =
  (std: number): Initialiser =>
  (shape, random) =>
    Float32Array.from({ length: sizeOf(shape) }, () => {
      let z = random.normal();
      while (Math.abs(z) > 2) z = random.normal();
      return z * (std / TRUNCATED_DEVIATION);
    });

/**
 * Weights of a k×k convolution: truncated normal of variance 2 / (k²·(cIn + cOut)), Glorot's. For a depthwise
 * convolution, cIn and cOut are both its channels.
 */
export const convolution = (cIn: number, cOut: number, kernel: number) =>
  truncatedNormal(Math.sqrt(1 / ((kernel * kernel * (cIn + cOut)) / 2)));

/** Weights of a linear layer: truncated normal of variance 2 / (inputs + outputs), Glorot's. */
export const linear = (inputs: number, outputs: number) => truncatedNormal(Math.sqrt(1 / ((inputs + outputs) / 2)));

/** Weights of a convolution that copies input channel i to output channel i. PyTorch's dirac_. */
export const dirac: Initialiser = (shape) => {
  const [cOut, cIn, height, width] = shape;
  const weight = new Float32Array(sizeOf(shape));
  const centre = (height >> 1) * width + (width >> 1);
  for (let c = 0; c < Math.min(cIn, cOut); c++) weight[(c * cIn + c) * height * width + centre] = 1;
  return weight;
};
