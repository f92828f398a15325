import type { Precision } from '../../src/train/recipe.ts';
import type { Case } from './fixture.ts';

/** What the engine computed for a case, by the names of the case's own tensors. */
export type Results = ReadonlyMap<string, ArrayLike<number>>;

/** How one tensor of a case came out. */
export interface Verdict {
  readonly name: string;
  /** ‖got − want‖ / ‖want‖, or where want is zero ‖got‖ / the case's largest gradient norm. */
  readonly error: number;
  /** The largest error that passes. */
  readonly allowed: number;
  readonly passed: boolean;
}

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

/**
 * Errors that another order of summation may have. f16 keeps 13 bits fewer than float32, and a whole net rounds to it in one
 * layer after another.
 */
const TOLERANCES = {
  f32: { least: 1e-4, factor: 4 },
  mixed: { least: 2e-2, factor: 4 * 2 ** 13 },
  mixedNet: { least: 5e-2, factor: 8 * 2 ** 13 },
};

const isExpected = (name: string) => /^(out|grad|eval)\./.test(name);

/** Holds every output and gradient of a case against what the engine computed, by the rule of the fixtures. */
export function judge(
  { op, tensors, zero, float32_error: known = {}, least: own = {} }: Case,
  results: Results,
  precision: Precision = 'f32',
): Verdict[] {
  const isNet = /^(yynet|mobilenet)/.test(op);
  const { least, factor } = TOLERANCES[precision === 'mixed' && isNet ? 'mixedNet' : precision];
  const gradientNorms = Object.entries(tensors)
    .filter(([name]) => name.startsWith('grad.') && !zero.includes(name))
    .map(([, { data }]) => norm(data));
  const largest = Math.max(0, ...gradientNorms);
  return Object.keys(tensors)
    .filter(isExpected)
    .map((name) => {
      const want = tensors[name].data;
      const got = results.get(name);
      const isZero = zero.includes(name);
      const size = isZero ? largest : norm(want);
      const most = precision === 'f32' ? (own[name] ?? least) : least;
      const relative = Math.max(most, isZero ? 0 : factor * (known[name] ?? 0));
      const limit = Math.max(relative * size, isZero && largest > 0 ? 0 : 1e-6 * Math.sqrt(want.length));
      const scale = size || 1;
      if (!got || got.length !== want.length) {
        return { name, error: Number.POSITIVE_INFINITY, allowed: limit / scale, passed: false };
      }
      const difference = norm(isZero ? got : Array.from(want, (value, i) => got[i] - value));
      return { name, error: difference / scale, allowed: limit / scale, passed: difference <= limit };
    });
}
