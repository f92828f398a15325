import { ShaderError } from './errors.ts';
import { evaluate, type Names } from './expression.ts';

/** A line of WGSL, and the kernel file and line it comes from. */
export interface Line {
  readonly text: string;
  readonly origin: string;
}

interface Block {
  readonly branches: { readonly head: Line; readonly lines: Line[] }[];
  readonly end: number;
}

/**
 * Expands the `#if` and `#for` blocks of a template and fills in `$name` and `$(EXPR)`.
 * @throws ShaderError with file and line where a directive or an expression is wrong
 */
export function expand(lines: readonly Line[], names: Names): Line[] {
  const out: Line[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    const [, word, rest] = /^\s*#(\w+)\s*(.*)$/.exec(line.text) ?? [];
    if (!word) {
      // A string may have several lines.
      out.push(
        ...substitute(line, names)
          .split('\n')
          .map((text) => ({ text, origin: line.origin })),
      );
      continue;
    }
    if (word === 'sizes' || word === 'batch') continue; // declarations, which hold for the whole kernel
    if (word !== 'if' && word !== 'for') throw new ShaderError(`${line.origin}: '#${word}' is out of place`);
    const block = readBlock(lines, i);
    out.push(...(word === 'if' ? chooseBranch(block, names) : unroll(line, rest, block.branches[0].lines, names)));
    i = block.end;
  }
  return out;
}

/** The branches of the `#if` or `#for` at `start`, up to its own `#end`. */
function readBlock(lines: readonly Line[], start: number): Block {
  const branches = [{ head: lines[start], lines: [] as Line[] }];
  let depth = 0;
  for (let i = start + 1; i < lines.length; i++) {
    const word = /^\s*#(\w+)/.exec(lines[i].text)?.[1];
    if (word === 'end' && depth === 0) return { branches, end: i };
    if (word === 'end') depth--;
    if (word === 'if' || word === 'for') depth++;
    if (depth === 0 && (word === 'else' || word === 'elif')) branches.push({ head: lines[i], lines: [] });
    else branches[branches.length - 1].lines.push(lines[i]);
  }
  throw new ShaderError(`${lines[start].origin}: '${lines[start].text.trim()}' has no '#end'`);
}

function chooseBranch(block: Block, names: Names): Line[] {
  for (const { head, lines } of block.branches) {
    const condition = /^\s*#(?:if|elif)\s+(.*)$/.exec(head.text)?.[1];
    if (condition === undefined || named(head.origin, () => evaluate(condition, names))) return expand(lines, names);
  }
  return [];
}

function unroll(head: Line, rest: string, lines: readonly Line[], names: Names): Line[] {
  const loop = /^(\w+)\s+in\s+(.+?)\.\.(.+)$/.exec(rest);
  if (!loop) throw new ShaderError(`${head.origin}: expected '#for NAME in FIRST..END', got '#for ${rest}'`);
  const [first, end] = [loop[2], loop[3]].map((bound) => named(head.origin, () => integer(bound, names)));
  const out: Line[] = [];
  for (let i = first; i < end; i++) out.push(...expand(lines, { ...names, [loop[1]]: i }));
  return out;
}

function integer(text: string, names: Names): number {
  const value = evaluate(text, names);
  if (!Number.isSafeInteger(value)) throw new Error(`'${text}' must be a whole number, got ${value}`);
  return value as number;
}

/** Fills in each `$name` and `$(EXPR)`; any other `$` stays. */
function substitute({ text, origin }: Line, names: Names): string {
  let out = '';
  let from = 0;
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', from)) {
    const end = named(origin, () => endOfExpression(text, dollar + 1));
    const expression = text.slice(dollar + 1, end).replace(/^\((.*)\)$/, '$1');
    out += text.slice(from, dollar) + (expression ? named(origin, () => evaluate(expression, names)) : '$');
    from = end;
  }
  return out + text.slice(from);
}

/** Where the name or the parentheses at `start` end; `start` itself where there is neither. */
function endOfExpression(text: string, start: number): number {
  if (text[start] !== '(') return start + /^([A-Za-z_]\w*)?/.exec(text.slice(start))![0].length;
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')' && --depth === 0) return i + 1;
  }
  throw new Error(`'$${text.slice(start)}' lacks a ')'`);
}

/** Runs `f`, putting a file and line in front of the message of whatever it throws. */
function named<T>(origin: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    throw new ShaderError(`${origin}: ${(error as Error).message}`);
  }
}
