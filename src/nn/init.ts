import { sizeOf } from '../runtime/tensor.ts';
import type { Initialiser } from './module.ts';

const constant =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

export const zeros = constant(0);
export const ones = constant(1);

// The standard deviation of a unit normal cut at ±2, by which the cut narrows it.
const CUT_DEVIATION = 0.87962566103423978;

/** Normal, cut at two standard deviations; `std` is that before the cut. PyTorch's trunc_normal_. */
const truncatedNormal =
  (std: number): Initialiser =>
  (shape, random) =>
    Float32Array.from({ length: sizeOf(shape) }, () => {
      let z = random.normal();
      while (Math.abs(z) > 2) z = random.normal();
      return z * std;
    });

/** The CIFAR-10 notebook's convolutions; a depthwise one counts all its channels as inputs, as there. */
export const convolution = (cIn: number, cOut: number, kernel: number) =>
  truncatedNormal(Math.sqrt(1 / ((kernel * kernel * (cIn + cOut)) / 2)) / CUT_DEVIATION);

/** The CIFAR-10 notebook's linear layers. */
export const linear = (inputs: number, outputs: number) =>
  truncatedNormal(Math.sqrt(1 / ((inputs + outputs) / 2)) / CUT_DEVIATION);

/** A convolution that copies input channel i to output channel i. PyTorch's dirac_. */
export const dirac: Initialiser = (shape) => {
  const [cOut, cIn, height, width] = shape;
  const weight = new Float32Array(sizeOf(shape));
  const centre = (height >> 1) * width + (width >> 1);
  for (let c = 0; c < Math.min(cIn, cOut); c++) weight[(c * cIn + c) * height * width + centre] = 1;
  return weight;
};
