import { HostArray, type Reference } from '../../kernels/common/reference.ts';
import type { Random } from '../data/random.ts';
import type { HostArray as TypedArray } from '../runtime/host_array.ts';
import { type Shape, sizeOf, type Tensor } from '../runtime/tensor.ts';
import type { Inputs, Op } from './op.ts';

/** Extents by the letters of axes. */
export type Extents = Readonly<Record<string, number>>;

/** Makes a tensor of an array's data type: on a device, or without memory where only shapes matter. */
export type Upload = (data: TypedArray, shape: Shape) => Tensor;

/** Sizes and attributes to run an op with. */
export interface OpCase<Attrs = object> {
  /** The shape of the first input. */
  readonly shape: Shape;
  /** The letters that the first input does not have. */
  readonly extents?: Extents;
  /** All attributes but tensors. */
  readonly attrs: Partial<Attrs>;
  /** Optional inputs that are left out. */
  readonly without?: readonly string[];
}

/** All that checks of an op need to know. Whoever only trains does not load rows. */
export interface OpRow {
  readonly op: Op<Inputs, object>;
  /** The op in float64. Its attributes are those of the op, but for tensors. */
  readonly reference: Reference<string, object>;
  /**
   * The axes of each input, such as `O C 3 3`: numbers, and letters that stand for one extent in all inputs. `...` is any
   * shape, the same in all inputs.
   */
  readonly inputs: Readonly<Record<string, string>>;
  /** Inputs that may be f16 while the others are f32: the first one if left out. */
  readonly half?: readonly string[];
  /** Inputs and attributes that may be missing. */
  readonly optional?: readonly string[];
  /** Makes the tensors among the attributes. */
  readonly tensors?: (extents: Extents, upload: Upload) => object;
  readonly cases: readonly OpCase[];
}

/** Types a row from its op. */
export const defineRow = <In extends Inputs, Attrs extends object, Saved, HostAttrs>(
  row: Omit<OpRow, 'op' | 'reference' | 'inputs' | 'cases'> & {
    readonly op: Op<In, Attrs, Saved>;
    readonly reference: Reference<string, HostAttrs>;
    readonly inputs: { readonly [Name in keyof In]-?: string };
    readonly cases: readonly OpCase<Attrs>[];
  },
) => row as unknown as OpRow;

/** The axes of an input, in the notation of `OpRow.inputs`. */
export const axesOf = (axes: string): string[] => axes.split(' ');

/** Whether an input may have any shape. */
export const isAnyShape = (axes: string): boolean => axes === '...';

/**
 * The extents of all letters of a case.
 * @throws Error if the case's shape has another number of axes than the first input
 */
export function extentsOf({ op, inputs }: OpRow, { shape, extents }: OpCase): Extents {
  const [first] = Object.values(inputs);
  if (isAnyShape(first)) return { ...extents };
  const axes = axesOf(first);
  if (axes.length !== shape.length) throw new Error(`${op.name}: the first input must be [${axes}], got [${shape}]`);
  return { ...extents, ...Object.fromEntries(axes.map((axis, i) => [axis, shape[i]])) };
}

/** The shapes of the inputs that a case has. */
export function shapesOf(row: OpRow, given: OpCase): Record<string, Shape> {
  const extents = extentsOf(row, given);
  const present = Object.entries(row.inputs).filter(([name]) => !given.without?.includes(name));
  const shapeOf = (axes: string) =>
    isAnyShape(axes) ? given.shape : axesOf(axes).map((axis) => extents[axis] ?? Number(axis));
  return Object.fromEntries(present.map(([name, axes]) => [name, shapeOf(axes)]));
}

/** The attributes of a case, tensors included. */
export const attrsOf = (row: OpRow, given: OpCase, upload: Upload): object => ({
  ...given.attrs,
  ...row.tensors?.(extentsOf(row, given), upload),
});

/** Normal numbers that f32 holds exactly. */
export const normal = (shape: Shape, random: Random): HostArray =>
  new HostArray(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random.normal())),
  );

/** Normal numbers for the inputs of a case. */
export function drawInputs(row: OpRow, given: OpCase, random: Random): Record<string, HostArray> {
  const shapes = Object.entries(shapesOf(row, given));
  return Object.fromEntries(shapes.map(([name, shape]) => [name, normal(shape, random)]));
}

/** A case in words: `depthwise 2×5×6×8, K 3, stride 1`. */
export function nameOf({ op }: OpRow, { shape, extents, attrs }: OpCase): string {
  const details = Object.entries({ ...extents, ...attrs }).map(([name, value]) => `${name} ${textOf(value)}`);
  return [`${op.name} ${shape.join('×')}`, ...details].join(', ');
}

const textOf = (value: unknown) =>
  typeof value === 'object' && value !== null ? Object.values(value).join(' ') : value;
