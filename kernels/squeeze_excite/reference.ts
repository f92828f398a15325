import { activationOf } from '../activation/table.ts';
import { type Reference, zeros } from '../common/reference.ts';
import { reference as globalAvgPool } from '../global_avg_pool/reference.ts';
import type { SqueezeExciteAttrs } from './launch.ts';

type Names = 'x' | 'reduceWeight' | 'reduceBias' | 'expandWeight' | 'expandBias';

/** x · gate(expand(act(reduce(mean(x))))) in float64. */
export const reference: Reference<Names, SqueezeExciteAttrs> = (
  { x, reduceWeight, reduceBias, expandWeight, expandBias },
  { activation, gate },
) => {
  const [n, c] = x.shape;
  const [r] = reduceBias.shape;
  const mean = globalAvgPool({ x }, {});
  const hidden = zeros([n, r]).each(([b, o]) => {
    let sum = reduceBias.at(o);
    for (let i = 0; i < c; i++) sum += reduceWeight.at(o, i, 0, 0) * mean.at(b, i);
    return activationOf(activation).reference(sum);
  });
  const gates = zeros([n, c]).each(([b, o]) => {
    let sum = expandBias.at(o);
    for (let i = 0; i < r; i++) sum += expandWeight.at(o, i, 0, 0) * hidden.at(b, i);
    return activationOf(gate).reference(sum);
  });
  return zeros(x.shape).each(([b, channel, i, j]) => x.at(b, channel, i, j) * gates.at(b, channel));
};
