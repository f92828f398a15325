import { HostArray, type Reference } from '../common/reference.ts';

const binary =
  (f: (a: number, b: number) => number): Reference<'a' | 'b', unknown> =>
  ({ a, b }) =>
    new HostArray(
      a.shape,
      a.data.map((value, i) => f(value, b.data[i])),
    );

/** a + b in float64. */
export const add = binary((a, b) => a + b);

/** a − b in float64. */
export const sub = binary((a, b) => a - b);

/** a · b, element by element, in float64. */
export const mul = binary((a, b) => a * b);

/** factor · x in float64. */
export const scale: Reference<'x', { factor: number }> = ({ x }, { factor }) =>
  new HostArray(
    x.shape,
    x.data.map((value) => factor * value),
  );
