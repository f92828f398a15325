import { ShaderError } from './errors.ts';
import { evaluate, type Value } from './expression.ts';

/** A kernel as it lies in kernels/: its path (for errors), its text, and the files it includes. */
export interface KernelSource {
  readonly path: string;
  readonly text: string;
  readonly includes?: Readonly<Record<string, KernelSource>>;
}

/**
 * What a launch gives a kernel: numbers and booleans become WGSL `const`s, strings only fill `$NAME`. Those that the
 * kernel lists under `#sizes` and `#batch` are u32, and may be left out: then they are read from a uniform.
 */
export type Constants = Readonly<Record<string, Value>>;

/** A `@group(0) @binding(n)` variable of a specialised kernel. */
export interface Binding {
  readonly index: number;
  readonly name: string;
  readonly type: 'read-only-storage' | 'storage';
}

/** WGSL ready to compile, its bindings, and for each of its lines the kernel file and line it came from. */
export interface SpecializedKernel {
  readonly path: string;
  readonly code: string;
  readonly bindings: readonly Binding[];
  /** Whether binding SIZES holds the sizes. */
  readonly hasSizes: boolean;
  readonly origins: readonly string[];
}

/** Where a kernel's sizes are bound; its tensors use 0 to 7. */
export const SIZES = 8;

interface Line {
  readonly text: string;
  readonly origin: string;
}

type Names = Readonly<Record<string, Value>>;

/**
 * Specialises a kernel. Beside plain WGSL a kernel may hold
 *
 * - `#include "../common/gelu.wgsl"`: that file, once;
 * - `#sizes C PLANE`: constants that can be data, so that one pipeline serves every shape (and no loop over them unrolls);
 * - `#batch N POSITIONS`: sizes that go with the number of pictures, so that one pipeline serves every batch;
 * - `#if EXPR` … `#elif EXPR` … `#else` … `#end`;
 * - `#for i in A..B` … `#end`: the lines between, repeated for i = A … B−1 (a register tile, unrolled);
 * - `$name` and `$(EXPR)`: a constant's or loop variable's value, anywhere in a line.
 *
 * @throws ShaderError with file and line for a directive that cannot be read.
 */
export function specialize(source: KernelSource, constants: Constants): SpecializedKernel {
  const listed = sizesOf(source, ['sizes', 'batch']);
  const sizes = listed.filter((name) => !(name in constants));
  const body = readSizes(expand(flatten(source, new Set()), constants), sizes);
  const header = Object.entries(constants)
    .filter(([, value]) => typeof value !== 'string')
    .map(([name, value]) => ({
      text: listed.includes(name) ? `const ${name}: u32 = ${value};` : `const ${name} = ${value};`,
      origin: `${source.path} (constant ${name})`,
    }));
  if (sizes.length > 0) {
    const members = sizes.map((name) => `${name}: u32`).join(', ');
    const text = `struct Sizes { ${members} } @group(0) @binding(${SIZES}) var<uniform> sizes: Sizes;`;
    header.push({ text, origin: `${source.path} (its sizes)` });
  }
  // `enable` and `requires` must stand before everything else.
  const isEnable = (line: Line) => /^\s*(enable|requires)\b/.test(line.text);
  const lines = [...body.filter(isEnable), ...header, ...body.filter((line) => !isEnable(line))];
  return {
    path: source.path,
    code: lines.map((line) => line.text).join('\n'),
    bindings: lines.flatMap(readBinding),
    hasSizes: sizes.length > 0,
    origins: lines.map((line) => line.origin),
  };
}

/** The names that a kernel and its includes list under these directives, in the order of their uniform. */
export function sizesOf(source: KernelSource, directives: readonly ('sizes' | 'batch')[]): string[] {
  const lists = source.text.matchAll(new RegExp(`^#(?:${directives.join('|')})\\s+(.*)$`, 'gm'));
  const own = [...lists].flatMap((match) => match[1].trim().split(/\s+/));
  const included = Object.values(source.includes ?? {}).flatMap((file) => sizesOf(file, directives));
  return [...new Set([...own, ...included])];
}

function readSizes(lines: Line[], sizes: readonly string[]): Line[] {
  if (sizes.length === 0) return lines;
  const name = new RegExp(`(?<![.\\w])(${sizes.join('|')})\\b`, 'g');
  return lines.map(({ text, origin }) => ({ text: text.replace(name, 'sizes.$1'), origin }));
}

/** The source's lines with every include in its place. */
function flatten(source: KernelSource, seen: Set<string>): Line[] {
  if (seen.has(source.path)) return [];
  seen.add(source.path);
  return source.text.split('\n').flatMap((text, index) => {
    const origin = `${source.path}:${index + 1}`;
    if (/^#(sizes|batch)\b/.test(text)) return [];
    const include = /^\s*#include\s+"([^"]+)"/.exec(text);
    if (!include) return [{ text, origin }];
    const file = source.includes?.[include[1]];
    if (!file) throw new ShaderError(`${origin}: '${include[1]}' cannot be found`);
    return flatten(file, seen);
  });
}

function expand(lines: readonly Line[], names: Names): Line[] {
  const out: Line[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    const directive = /^\s*#(\w+)\s*(.*)$/.exec(line.text);
    if (!directive) {
      out.push({ text: substitute(line, names), origin: line.origin });
      at++;
      continue;
    }
    const [, word, rest] = directive;
    if (word !== 'if' && word !== 'for') throw new ShaderError(`${line.origin}: '#${word}' is out of place`);
    const block = readBlock(lines, at);
    out.push(...(word === 'if' ? chooseBranch(block, names) : unroll(line, rest, block.branches[0].lines, names)));
    at = block.end + 1;
  }
  return out;
}

interface Block {
  readonly branches: { readonly head: Line; readonly lines: Line[] }[];
  readonly end: number;
}

/** The branches of the `#if` or `#for` at `start`, up to its own `#end`. */
function readBlock(lines: readonly Line[], start: number): Block {
  const branches = [{ head: lines[start], lines: [] as Line[] }];
  let depth = 0;
  for (let at = start + 1; at < lines.length; at++) {
    const word = /^\s*#(\w+)/.exec(lines[at].text)?.[1];
    if (word === 'end' && depth === 0) return { branches, end: at };
    if (word === 'end') depth--;
    if (word === 'if' || word === 'for') depth++;
    if (depth === 0 && (word === 'else' || word === 'elif')) branches.push({ head: lines[at], lines: [] });
    else branches[branches.length - 1].lines.push(lines[at]);
  }
  throw new ShaderError(`${lines[start].origin}: '${lines[start].text.trim()}' has no '#end'`);
}

function chooseBranch(block: Block, names: Names): Line[] {
  for (const { head, lines } of block.branches) {
    const condition = /^\s*#(?:if|elif)\s+(.*)$/.exec(head.text)?.[1];
    if (condition === undefined || at(head, () => evaluate(condition, names))) return expand(lines, names);
  }
  return [];
}

function unroll(head: Line, rest: string, lines: readonly Line[], names: Names): Line[] {
  const loop = /^(\w+)\s+in\s+(.+?)\.\.(.+)$/.exec(rest);
  if (!loop) throw new ShaderError(`${head.origin}: expected '#for NAME in FIRST..END', got '#for ${rest}'`);
  const [first, end] = at(head, () => [evaluate(loop[2], names) as number, evaluate(loop[3], names) as number]);
  const out: Line[] = [];
  for (let i = first; i < end; i++) out.push(...expand(lines, { ...names, [loop[1]]: i }));
  return out;
}

function substitute(line: Line, names: Names): string {
  if (!line.text.includes('$')) return line.text;
  return at(line, () =>
    line.text.replace(/\$(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\)|([A-Za-z_]\w*))/g, (_, expression, name) =>
      String(evaluate(expression ?? name, names)),
    ),
  );
}

/** Runs `f`, naming the line in whatever it throws. */
function at<T>(line: Line, f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw new ShaderError(`${line.origin}: ${(error as Error).message}`);
  }
}

function readBinding(line: Line): Binding[] {
  const match = /^\s*@group\(0\)\s*@binding\((\d+)\)\s*var<\s*storage\s*,\s*(\w+)\s*>\s*(\w+)/.exec(line.text);
  if (!match) return [];
  const [, index, access, name] = match;
  const type = access === 'read_write' ? 'storage' : 'read-only-storage';
  return [{ index: Number(index), name, type }];
}
