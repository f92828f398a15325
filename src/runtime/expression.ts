/** The value of a name in a template. */
export type Value = number | boolean | string;

/** The values of an expression's names; undefined for a size, which expressions cannot use. */
export type Names = Readonly<Record<string, Value | undefined>>;

const token = /\s*(?:(\d+)|'([^']*)'|([A-Za-z_]\w*)|(==|!=|<=|>=|&&|\|\||[-+*/%<>!()]))/y;

// Binary operators by precedence, lowest first. Division rounds down, as that of u32 does.
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
 * @throws Error that names what is wrong or not defined
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
    if (!Object.hasOwn(names, t)) throw new Error(`'${t}' is not defined`);
    const value = names[t];
    if (value === undefined) throw new Error(`'${t}' is a size, which a template's expressions cannot use`);
    return value;
  }

  function binary(level: number): Value {
    if (level === levels.length) return primary();
    let left = binary(level + 1);
    while (Object.hasOwn(levels[level], tokens[at])) {
      const apply = levels[level][tokens[at++]];
      left = apply(left as number, binary(level + 1) as number);
    }
    return left;
  }

  const value = binary(0);
  if (at < tokens.length) throw new Error(`'${tokens[at]}' is out of place in '${text}'`);
  return value;
}
