import { type HostArray, type Reference, zeros } from '../common/reference.ts';

/** Parts [N,C,H,W] behind each other along the channels, in the order of the record. */
export const reference: Reference<string, unknown> = (inputs) => {
  const parts = Object.values(inputs);
  const [n, , h, w] = parts[0].shape;
  const channels = parts.flatMap((part) =>
    Array.from({ length: part.shape[1] }, (_, c): [HostArray, number] => [part, c]),
  );
  return zeros([n, channels.length, h, w]).each(([b, channel, i, j]) => {
    const [part, c] = channels[channel];
    return part.at(b, c, i, j);
  });
};
