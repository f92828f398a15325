import { ShaderError } from './errors.ts';
import type { Value } from './expression.ts';
import { expand, type Line } from './template.ts';

/** A kernel as it is in kernels/: its path (for errors), its text, and the files it includes. */
export interface KernelSource {
  readonly path: string;
  readonly text: string;
  readonly includes?: Readonly<Record<string, KernelSource>>;
}

/**
 * What a launch gives a kernel. Those that the kernel declares by `#sizes` or `#batch` are whole numbers, which its code
 * reads as `sizes.NAME` and `batch.NAME`. Of the others numbers and booleans become WGSL `const`s; strings only fill in
 * `$NAME`.
 */
export type Constants = Readonly<Record<string, Value>>;

/** A `@group(0) @binding(n)` storage buffer of a specialised kernel. */
export interface Binding {
  readonly index: number;
  readonly name: string;
  readonly type: 'read-only-storage' | 'storage';
}

/** A uniform of a specialised kernel: one u32 for each name, in this order. */
export interface Uniform {
  readonly index: number;
  /** Each with the line that declares it. */
  readonly names: ReadonlyMap<string, string>;
}

/** WGSL ready to compile, its bindings, and for each of its lines the kernel file and line it came from. */
export interface SpecializedKernel {
  readonly path: string;
  readonly code: string;
  readonly bindings: readonly Binding[];
  readonly uniforms: readonly Uniform[];
  readonly origins: readonly string[];
}

/** Which names a kernel and its includes declare, each with the line that does. */
export interface Declarations {
  /** Sizes of one picture. */
  readonly sizes: ReadonlyMap<string, string>;
  /** Sizes that depend on the number of pictures. */
  readonly batch: ReadonlyMap<string, string>;
}

type Directive = keyof Declarations;

/** Where uniforms are bound; storage buffers use 0 to 7. */
const UNIFORM_INDEX = { sizes: 8, batch: 9 } as const;

/**
 * Specialises a kernel. Beside plain WGSL a kernel may hold
 *
 * - `#include "../common/gelu.wgsl"`: that file, once;
 * - `#sizes C PLANE`: u32 values that the code reads as `sizes.C` and `sizes.PLANE`: constants or, with `sizesAsData`, a
 *   uniform, so that one pipeline serves every shape (and no loop over them is unrolled);
 * - `#batch N POSITIONS`: the same for sizes that depend on the number of pictures, read as `batch.N`: always a uniform, so
 *   that one pipeline serves every batch;
 * - `#if EXPR` … `#elif EXPR` … `#else` … `#end`;
 * - `#for i in A..B` … `#end`: the lines between, repeated for i = A … B−1 (a register tile, unrolled);
 * - `$name` and `$(EXPR)`: a constant's or loop variable's value, anywhere in a line.
 *
 * `#sizes` and `#batch` hold for the whole kernel, wherever they are.
 *
 * @throws ShaderError with file and line for a directive that is wrong
 */
export function specialize(source: KernelSource, constants: Constants, sizesAsData: boolean): SpecializedKernel {
  const declared = declarationsOf(source);
  const isSize = (name: string) => declared.sizes.has(name) || declared.batch.has(name);
  const names = Object.fromEntries(Object.entries(constants).map(([k, v]) => [k, isSize(k) ? undefined : v]));
  const body = expand(flatten(source, new Set()), names);
  const header = Object.entries(constants)
    .filter(([name, value]) => typeof value !== 'string' && !isSize(name))
    .map(([name, value]) => ({ text: `const ${name} = ${value};`, origin: `${source.path} (constant ${name})` }));
  const uniforms: Uniform[] = [];
  for (const word of ['sizes', 'batch'] as const) {
    const names = [...declared[word].keys()];
    if (names.length === 0) continue;
    const asData = word === 'batch' || sizesAsData;
    const text = asData
      ? declareUniform(word, names)
      : declareConstant(word, names, valuesOf(declared[word], constants));
    header.push({ text, origin: `${source.path} (its #${word})` });
    if (asData) uniforms.push({ index: UNIFORM_INDEX[word], names: declared[word] });
  }
  // `enable` and `requires` must come before everything else.
  const isEnable = (line: Line) => /^\s*(enable|requires)\b/.test(line.text);
  const lines = [...body.filter(isEnable), ...header, ...body.filter((line) => !isEnable(line))];
  return {
    path: source.path,
    code: lines.map((line) => line.text).join('\n'),
    bindings: lines.flatMap(readBinding),
    uniforms,
    origins: lines.map((line) => line.origin),
  };
}

/** What a kernel and its includes declare by `#sizes` and `#batch`. */
export function declarationsOf(source: KernelSource): Declarations {
  const declared = { sizes: new Map<string, string>(), batch: new Map<string, string>() };
  for (const { text, origin } of flatten(source, new Set())) {
    const match = /^\s*#(sizes|batch)\b(.*)$/.exec(text);
    if (!match) continue;
    const [word, list] = [match[1] as Directive, match[2].trim()];
    for (const name of list.split(/\s+/)) {
      if (!/^[A-Za-z_]\w*$/.test(name)) throw new ShaderError(`${origin}: '#${word}' must list names, got '${list}'`);
      if (!declared[word].has(name)) declared[word].set(name, origin);
    }
  }
  return declared;
}

/**
 * The values of the names that one directive declares.
 * @throws ShaderError with file and line of a name that the launch does not give as a u32
 */
export function valuesOf(names: ReadonlyMap<string, string>, constants: Constants): number[] {
  return [...names].map(([name, origin]) => {
    const value = Object.hasOwn(constants, name) ? constants[name] : undefined;
    if (typeof value === 'number' && value === value >>> 0) return value;
    throw new ShaderError(`${origin}: the launch must give '${name}' as a u32, got ${value}`);
  });
}

const structOf = (word: Directive) => (word === 'sizes' ? 'Sizes' : 'Batch');

function declareStruct(word: Directive, names: readonly string[]): string {
  return `struct ${structOf(word)} { ${names.map((name) => `${name}: u32`).join(', ')} }`;
}

function declareUniform(word: Directive, names: readonly string[]): string {
  const variable = `@group(0) @binding(${UNIFORM_INDEX[word]}) var<uniform> ${word}: ${structOf(word)};`;
  return `${declareStruct(word, names)} ${variable}`;
}

function declareConstant(word: Directive, names: readonly string[], values: readonly number[]): string {
  const list = values.map((value) => `${value}u`).join(', ');
  return `${declareStruct(word, names)} const ${word} = ${structOf(word)}(${list});`;
}

/** The source's lines with every include in its place. */
function flatten(source: KernelSource, seen: Set<string>): Line[] {
  if (seen.has(source.path)) return [];
  seen.add(source.path);
  return source.text.split('\n').flatMap((text, index) => {
    const origin = `${source.path}:${index + 1}`;
    const include = /^\s*#include\s+"([^"]+)"/.exec(text);
    if (!include) return [{ text, origin }];
    const includes = source.includes ?? {};
    if (!Object.hasOwn(includes, include[1])) throw new ShaderError(`${origin}: '${include[1]}' cannot be found`);
    return flatten(includes[include[1]], seen);
  });
}

function readBinding(line: Line): Binding[] {
  const match = /^\s*@group\(0\)\s*@binding\((\d+)\)\s*var<\s*storage\s*,\s*(\w+)\s*>\s*(\w+)/.exec(line.text);
  if (!match) return [];
  const [, index, access, name] = match;
  const type = access === 'read_write' ? 'storage' : 'read-only-storage';
  return [{ index: Number(index), name, type }];
}
