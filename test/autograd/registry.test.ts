import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  axesOf,
  drawInputs,
  extentsOf,
  isAnyShape,
  nameOf,
  type OpCase,
  type OpRow,
} from '../../src/autograd/op_row.ts';
import { registry, rows } from '../../src/autograd/registry.ts';
import { Random } from '../../src/data/random.ts';
import { dtypeOf } from '../../src/runtime/host_array.ts';
import { bytesPer, type DType, type Shape, type Tensor } from '../../src/runtime/tensor.ts';
import { fittingOf, placeholder } from '../support/rows.ts';

type Tree = Record<string, unknown>;

const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'storage' in value;

/** The leaves of a tree of attributes, such as `running.mean`. */
function leavesOf(tree: object, path: string[] = []): [string[], unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string[], unknown][] => {
    const isLeaf = typeof value !== 'object' || value === null || isTensor(value);
    return isLeaf ? [[[...path, key], value]] : leavesOf(value, [...path, key]);
  });
}

/** A copy of a tree with another value at a path. */
function replace<T>(tree: T, [key, ...rest]: string[], value: unknown): T {
  const copy = (Array.isArray(tree) ? [...tree] : { ...tree }) as Tree;
  copy[key] = rest.length > 0 ? replace(copy[key], rest, value) : value;
  return copy as T;
}

/** Letters whose extents an attribute's tensor has, too. */
function lettersOfAttrs({ tensors }: OpRow, extents: Record<string, number>): string[] {
  const shapes = (of: typeof extents) => {
    const found = tensors?.(of, (data, shape) => placeholder(shape, dtypeOf(data))) ?? {};
    return JSON.stringify(leavesOf(found).map(([, leaf]) => (leaf as Tensor).shape));
  };
  return Object.keys(extents).filter(
    (letter) => shapes(extents) !== shapes({ ...extents, [letter]: extents[letter] + 1 }),
  );
}

interface Change {
  readonly what: string;
  readonly path: string[];
  readonly value: unknown;
  /** Whether the op must accept it. */
  readonly fits: boolean;
}

/** Each way in which one tensor can be wrong. */
function tensorChanges(
  path: string[],
  tensor: Tensor,
  free: (axis: number) => boolean,
  anyRank: boolean,
  half: boolean,
) {
  const { shape, dtype } = tensor;
  const what = path.join('.');
  const reshaped = (shape: Shape, fits: boolean): Change => ({
    what: `${what} [${shape}]`,
    path,
    value: { ...tensor, shape },
    fits,
  });
  return [
    ...shape.flatMap((extent, axis) => [
      reshaped(shape.with(axis, extent + 1), free(axis)),
      reshaped(shape.with(axis, 0), false),
      reshaped(shape.with(axis, extent + 0.5), false),
    ]),
    reshaped([...shape, 1], anyRank),
    reshaped(shape.slice(1), anyRank),
    ...(Object.keys(bytesPer) as DType[])
      .filter((other) => other !== dtype)
      .map(
        (other): Change => ({
          what: `${what} in ${other}`,
          path,
          value: { ...tensor, dtype: other },
          fits: half && other === 'f16',
        }),
      ),
  ];
}

/** Each way in which one input or attribute can be wrong, and those in which it may change. */
function changesOf(row: OpRow, given: OpCase): { inputs: Change[]; attrs: Change[] } {
  const { inputs, attrs } = fittingOf(row, given);
  const axes = Object.entries(row.inputs).filter(([name]) => name in inputs);
  const letters = [...axes.flatMap(([, of]) => axesOf(of)), ...lettersOfAttrs(row, extentsOf(row, given))];
  const isFree = (letter: string) =>
    Number.isNaN(Number(letter)) && letters.filter((other) => other === letter).length === 1;
  const half = row.half ?? [axes[0][0]];
  const missing = (path: string[], name: string): Change => ({
    ...{ what: `no ${path.join('.')}`, path, value: undefined },
    fits: row.optional?.includes(name) ?? false,
  });
  return {
    inputs: axes.flatMap(([name, of]) => [
      ...tensorChanges(
        [name],
        inputs[name],
        (axis) => isFree(isAnyShape(of) ? of : axesOf(of)[axis]),
        isAnyShape(of) && isFree(of),
        half.includes(name),
      ),
      missing([name], name),
    ]),
    attrs: [
      ...Object.entries(attrs).flatMap(([name, value]) => (typeof value === 'boolean' ? [] : [missing([name], name)])),
      ...leavesOf(attrs).flatMap(([path, leaf]): Change[] => {
        if (typeof leaf === 'boolean') return [];
        const part = path.length > 1 ? [missing(path, path[0])] : [];
        if (isTensor(leaf)) return [...part, ...tensorChanges(path, leaf, () => false, false, false)];
        const wrong = typeof leaf === 'number' ? Number.NaN : 'no such name';
        return [...part, { what: `${path.join('.')} ${wrong}`, path, value: wrong, fits: false }];
      }),
    ],
  };
}

describe.each(rows.map((row) => [row.op.name, row] as const))('%s', (name, row) => {
  test.each(row.cases.map((given) => [nameOf(row, given), given] as const))(
    '%s: one wrong extent, data type or attribute at a time',
    (_, given) => {
      const fitting = fittingOf(row, given);
      const inputs = drawInputs(row, given, new Random(1));
      expect(row.op.shape(fitting.inputs, fitting.attrs)).toEqual(row.reference(inputs, given.attrs).shape);
      const changes = changesOf(row, given);
      const outcomes = (kind: 'inputs' | 'attrs') =>
        changes[kind].map(({ what, path, value, fits }) => {
          const changed = { ...fitting, [kind]: replace(fitting[kind], path, value) };
          let message = 'accepted';
          try {
            row.op.shape(changed.inputs, changed.attrs);
          } catch (error) {
            message = (error as Error).message.replace(new RegExp(`^${name}: .*, got .*`, 's'), 'refused');
          }
          return [`${what} ${message}`, `${what} ${fits ? 'accepted' : 'refused'}`];
        });
      const all = [...outcomes('inputs'), ...outcomes('attrs')];
      expect(all.map(([got]) => got)).toEqual(all.map(([, want]) => want));
    },
  );
});

test('every op has a row, by its name', async () => {
  const files = await readdir('src/autograd/ops');
  const modules = await Promise.all(
    files.map((file) => import(`../../src/autograd/ops/${file.replace('.ts', '')}.ts`)),
  );
  const isOp = (value: unknown): value is OpRow['op'] =>
    typeof value === 'object' && value !== null && 'shape' in value && 'forward' in value;
  const defined = modules.flatMap((module) => Object.values(module as object)).filter(isOp);
  expect(defined.length).toBeGreaterThan(20);
  expect([...new Set(defined)].filter((op) => !rows.some((row) => row.op === op)).map(({ name }) => name)).toEqual([]);
  for (const [name, { op, cases }] of Object.entries(registry)) {
    expect(op.name).toBe(name);
    expect(cases.length).toBeGreaterThan(0);
  }
});

test('the test of wrong extents finds an op that checks nothing', () => {
  const row = { ...registry.linear, op: { ...registry.linear.op, shape: () => [5, 6] } };
  const { inputs } = changesOf(row, row.cases[0]);
  expect(inputs.filter(({ fits }) => !fits).map(({ what }) => what)).toEqual(
    expect.arrayContaining(['weight [7,9]', 'x [5,10]', 'bias in u8', 'no x']),
  );
  expect(inputs.filter(({ fits }) => fits).map(({ what }) => what)).toEqual([
    'x [6,9]',
    'x in f16',
    'weight in f16',
    'no bias',
  ]);
});
