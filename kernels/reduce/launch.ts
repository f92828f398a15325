import type { Device } from '../../src/runtime/device.ts';
import { bytesPer, type Shape, size, type Tensor } from '../../src/runtime/tensor.ts';
import { mergedSums, nchw, vector, WORKGROUP_SIZE } from '../common/launch.ts';
import channelSumKernel from './channel_sum.wgsl';
import mergeKernel from './merge.wgsl';

/** A sum over positions that a kernel computes, such as the gradient of a weight. */
export interface Sum {
  /** Gets the sum. */
  readonly tensor: Tensor;
  /** Makes room for partial sums. */
  room(shape: Shape): Tensor;
  /** Says that the rows of `partial` [rows, …] have partial sums of this one, from element `column` on. */
  mergeFrom(partial: Tensor, column: number): void;
}

/** Where a kernel writes `rows` rows of partial sums [rows, …shape of the sum]; a single row is the sum itself. */
export function partialsOf(sum: Sum, rows: number): Tensor {
  if (rows === 1) return sum.tensor;
  const partial = sum.room([rows, ...sum.tensor.shape]);
  sum.mergeFrom(partial, 0);
  return partial;
}

/** A part of each row of partial sums: its elements, and the sum that they belong to, if that is wanted. */
export interface Column {
  readonly count: number;
  readonly sum?: Sum;
}

/** Where a kernel writes `rows` rows, in each of which the columns lie side by side. */
export function sideBySide(device: Device, columns: readonly Column[], rows: number): Tensor {
  const shape = [rows, columns.reduce((width, { count }) => width + count, 0)];
  const partial = columns.find(({ sum }) => sum)?.sum?.room(shape) ?? device.tensor(shape);
  let first = 0;
  for (const { count, sum } of columns) {
    sum?.mergeFrom(partial, first);
    first += count;
  }
  return partial;
}

/** Partial sums [rows, …], and the tensor that gets the sum of those that begin at element `column` of each row. */
export interface PartialSums {
  readonly partial: Tensor;
  readonly column: number;
  readonly total: Tensor;
}

/** Storages of partial sums that one dispatch reads: every adapter binds at least eight, two of which are for other things. */
const STORAGES_PER_DISPATCH = 6;

/** total[i] = Σ_row partial[row,column + i] for each of the sums. */
export function merge(device: Device, sums: readonly PartialSums[]): void {
  for (const some of groupBy(sums, ({ total }) => total.storage)) {
    const byStorage = groupBy(some, ({ partial }) => partial.storage);
    for (let first = 0; first < byStorage.length; first += STORAGES_PER_DISPATCH) {
      dispatchMerge(device, byStorage.slice(first, first + STORAGES_PER_DISPATCH));
    }
  }
}

/** Merges sums whose totals lie in one storage. Those whose partial sums do, too, come together. */
function dispatchMerge(device: Device, byStorage: readonly (readonly PartialSums[])[]): void {
  const sums = byStorage.flatMap((group, storage) => group.map((sum) => ({ ...sum, storage })));
  const counts = sums.map(({ total }) => size(total));
  const values = sums.map(({ storage, partial, column, total }) => {
    const [rows] = partial.shape;
    const first = partial.offset / bytesPer.f32 + column;
    return [storage, first, size(partial) / rows, rows, total.offset / bytesPer.f32, size(total)];
  });
  // One thread for each element of the largest sum, but no more workgroups than fill the adapter.
  const fill = Math.ceil(device.capabilities.threads / WORKGROUP_SIZE / sums.length);
  const groups = Math.min(fill, Math.ceil(Math.max(...counts) / WORKGROUP_SIZE));
  const numbers = sums.reduce((sum, { partial }, i) => sum + partial.shape[0] * counts[i], 0);
  device.dispatch({
    kernel: mergeKernel,
    constants: { WORKGROUP_SIZE, STORAGES: byStorage.length, GROUPS: groups },
    reads: {
      ...Object.fromEntries(byStorage.map(([{ partial }], k) => [`partial${k}`, wholeStorage(partial)])),
      sums: device.constant(values.flat()),
    },
    writes: { totals: wholeStorage(sums[0].total) },
    workgroups: [groups, sums.length],
    flops: numbers,
    bytes: bytesPer.f32 * counts.reduce((sum, count) => sum + count, numbers),
  });
}

/** The items of each key, in the order of the keys' first items. */
function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): T[][] {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

/** All numbers of the storage that a tensor lies in. */
const wholeStorage = (tensor: Tensor): Tensor => ({
  ...tensor,
  offset: 0,
  shape: [Math.floor(tensor.storage.bytes / bytesPer.f32)],
});

/** total[c] = Σ_{n,p} x[n,c,p]: the gradient of a convolution's bias. */
export function channelSum(device: Device, { x, total }: { x: Tensor; total: Sum }): void {
  const { n, c, plane } = nchw(x);
  const v = vector(plane, x);
  const work = { kernel: channelSumKernel, x, y: total.tensor };
  const { constants, chunks } = mergedSums(device, work, (n * plane) / v.WIDTH, c);
  device.dispatch({
    kernel: channelSumKernel,
    constants: { ...v, ...constants, SUMS: 1, C: c, PLANE: plane / v.WIDTH },
    reads: { x },
    writes: { partial: partialsOf(total, chunks) },
    workgroups: [c, chunks],
    flops: size(x),
  });
}
