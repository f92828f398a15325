/** What a template's names can stand for. */
export type Value = number | boolean | string;

type Names = Readonly<Record<string, Value>>;

const token = /\s*(?:(\d+)|'([^']*)'|([A-Za-z_]\w*)|(==|!=|<=|>=|&&|\|\||[-+*/%<>!()]))/y;

// Binary operators by how tightly they bind, loosest first. Division is that of u32: it rounds down.
const levels: Record<string, (a: number, b: number) => Value>[] = [
  { '||': (a, b) => Boolean(a || b) },
  { '&&': (a, b) => Boolean(a && b) },
  { '==': (a, b) => a === b, '!=': (a, b) => a !== b },
  { '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => Math.floor(a / b), '%': (a, b) => a % b },
];

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  const source = text.trimEnd();
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (!match) throw new Error(`cannot read '${source.slice(at)}'`);
    tokens.push(match[2] !== undefined ? `'${match[2]}` : match[0].trim());
  }
  return tokens;
}

/**
 * Evaluates a template expression: integers, 'strings', names, arithmetic, comparison, logic.
 * @throws Error naming what could not be read or is not defined.
 */
export function evaluate(text: string, names: Names): Value {
  const tokens = tokenize(text);
  let at = 0;

  function primary(): Value {
    const t = tokens[at++];
    if (t === undefined) throw new Error(`'${text}' ends too early`);
    if (t === '(') {
      const value = binary(0);
      if (tokens[at++] !== ')') throw new Error(`'${text}' lacks a ')'`);
      return value;
    }
    if (t === '!') return !primary();
    if (t === '-') return -(primary() as number);
    if (t[0] === "'") return t.slice(1);
    if (/^\d/.test(t)) return Number(t);
    if (!/^[A-Za-z_]/.test(t)) throw new Error(`'${t}' is out of place in '${text}'`);
    if (!(t in names)) throw new Error(`'${t}' is not defined`);
    return names[t];
  }

  function binary(level: number): Value {
    if (level === levels.length) return primary();
    let left = binary(level + 1);
    while (tokens[at] in levels[level]) {
      const apply = levels[level][tokens[at++]];
      left = apply(left as number, binary(level + 1) as number);
    }
    return left;
  }

  const value = binary(0);
  if (at < tokens.length) throw new Error(`'${tokens[at]}' is out of place in '${text}'`);
  return value;
}
