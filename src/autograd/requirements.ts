import type { DType, Shape, Tensor } from '../runtime/tensor.ts';
import type { Inputs } from './op.ts';

/** An axis of a required shape: an extent, or a letter. All axes of an op with one letter have the same extent. */
type Axis = number | string;

/** What an op requires of a tensor. Without a shape, any shape will do. */
export interface Requirement {
  readonly dtypes: readonly DType[];
  readonly shape?: readonly Axis[];
  readonly optional?: boolean;
}

/** A tensor of one data type, such as `only('i32', 'N')`. */
export const only = (dtype: DType, ...shape: Axis[]): Requirement => ({ dtypes: [dtype], shape });

/** An f32 tensor: a parameter, statistics. */
export const f32 = (...shape: Axis[]): Requirement => only('f32', ...shape);

/** An f32 or f16 tensor: what a mixed-precision net stores in f16. */
export const float = (...shape: Axis[]): Requirement => ({ dtypes: ['f32', 'f16'], shape });

/** An f32 or f16 tensor of any shape. */
export const anyFloat: Requirement = { dtypes: ['f32', 'f16'] };

/** A tensor that may be missing. */
export const optional = (requirement: Requirement): Requirement => ({ ...requirement, optional: true });

/**
 * Checks one requirement of an op.
 * @throws Error as `op: requirement, got X`
 */
export function requireThat(holds: boolean, op: string, requirement: string, got: unknown): asserts holds {
  if (!holds) throw new Error(`${op}: ${requirement}, got ${Array.isArray(got) ? `[${got}]` : got}`);
}

/**
 * Checks the shapes and data types of an op's inputs, in the order of the requirements.
 * @returns the extent of each letter
 */
export function requireInputs(
  op: string,
  inputs: Inputs,
  requirements: Readonly<Record<string, Requirement>>,
): Record<string, number> {
  const extents: Record<string, number> = {};
  for (const [name, requirement] of Object.entries(requirements)) {
    requireTensor(op, name, inputs[name], requirement, extents);
  }
  return extents;
}

/** Checks one tensor. Letters that are not yet among `extents` are added to it. */
export function requireTensor(
  op: string,
  name: string,
  tensor: Tensor | undefined,
  { dtypes, shape, optional }: Requirement,
  extents: Record<string, number> = {},
): void {
  if (!tensor && optional) return;
  const wanted = shape?.map((axis) => (typeof axis === 'string' ? (extents[axis] ?? axis) : axis));
  const fits =
    tensor !== undefined &&
    dtypes.includes(tensor.dtype) &&
    tensor.shape.every((extent) => Number.isInteger(extent) && extent > 0) &&
    (!wanted ||
      (tensor.shape.length === wanted.length &&
        wanted.every((extent, axis) => typeof extent === 'string' || extent === tensor.shape[axis])));
  const types = dtypes.join(' or ');
  requireThat(fits, op, `${name} must be ${types}${wanted ? ` [${wanted}]` : ''}`, describe(tensor));
  shape?.forEach((axis, i) => {
    if (typeof axis === 'string') extents[axis] = tensor!.shape[i];
  });
}

/** Checks that a tensor has the shape and the data type of another. */
export function requireLike(op: string, name: string, tensor: Tensor | undefined, like: Tensor): void {
  requireTensor(op, name, tensor, { dtypes: [like.dtype], shape: like.shape });
}

/**
 * Checks that an op's inputs are f32 or f16, and that all named ones have the shape and the data type of the first.
 * @returns that shape
 */
export function requireAlike<K extends string>(op: string, inputs: Record<K, Tensor>, first: K, ...others: K[]): Shape {
  requireTensor(op, first, inputs[first], anyFloat);
  for (const name of others) requireLike(op, name, inputs[name], inputs[first]);
  return inputs[first].shape;
}

/** Checks the stride of a 3×3 or 5×5 convolution. */
export function requireStride(op: string, stride: number): void {
  requireThat(stride === 1 || stride === 2, op, 'stride must be 1 or 2', stride);
}

/** Checks an attribute that is one of a few names. */
export function requireOneOf(op: string, name: string, value: string, allowed: readonly string[]): void {
  requireThat(allowed.includes(value), op, `${name} must be one of ${allowed.join(', ')}`, value);
}

const describe = (tensor: Tensor | undefined) => (tensor ? `${tensor.dtype} [${tensor.shape}]` : 'none');
