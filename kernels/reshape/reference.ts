import { HostArray, type Reference } from '../common/reference.ts';

/** The same elements, in the same order, under another shape. */
export const reshape: Reference<'x', { shape: readonly number[] }> = ({ x }, { shape }) => {
  const known = shape.filter((extent) => extent !== -1).reduce((a, b) => a * b, 1);
  return new HostArray(
    shape.map((extent) => (extent === -1 ? x.data.length / known : extent)),
    x.data,
  );
};

/** [N,…] → [N,rest]. */
export const flatten: Reference<'x', unknown> = ({ x }) => reshape({ x }, { shape: [x.shape[0], -1] });
