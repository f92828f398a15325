import { HostArray, type Reference } from '../common/reference.ts';

/** a + b in float64. */
export const reference: Reference<'a' | 'b', unknown> = ({ a, b }) =>
  new HostArray(
    a.shape,
    a.data.map((value, i) => value + b.data[i]),
  );
