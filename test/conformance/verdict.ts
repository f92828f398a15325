import type { Case } from './fixture.ts';

/** What the engine computed for a case, by the names of the case's own tensors. */
export type Results = ReadonlyMap<string, ArrayLike<number>>;

/** How one tensor of a case came out. */
export interface Verdict {
  readonly name: string;
  /** ‖got − want‖ / ‖want‖, or where want is zero ‖got‖ / the case's largest gradient norm. */
  readonly error: number;
  readonly passed: boolean;
}

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));

const isExpected = (name: string) => /^(out|grad|eval)\./.test(name);

/** Holds every output and gradient of a case against what the engine computed, by the rule of the fixtures. */
export function judge({ tensors, zero }: Case, results: Results): Verdict[] {
  const gradientNorms = Object.entries(tensors)
    .filter(([name]) => name.startsWith('grad.') && !zero.includes(name))
    .map(([, { data }]) => norm(data));
  const largest = Math.max(0, ...gradientNorms);
  return Object.keys(tensors)
    .filter(isExpected)
    .map((name) => {
      const want = tensors[name].data;
      const got = results.get(name);
      if (!got || got.length !== want.length) return { name, error: Number.POSITIVE_INFINITY, passed: false };
      const floor = 1e-6 * Math.sqrt(want.length);
      if (zero.includes(name)) {
        const left = norm(got);
        return {
          name,
          error: largest > 0 ? left / largest : left,
          passed: left <= (largest > 0 ? 1e-4 * largest : floor),
        };
      }
      const difference = norm(Array.from(want, (value, i) => got[i] - value));
      const size = norm(want);
      const error = size > 0 ? difference / size : difference;
      return { name, error, passed: difference <= Math.max(1e-4 * size, floor) };
    });
}
