import { HostArray, type Reference } from '../common/reference.ts';
import { type ActivationKind, activationOf } from './table.ts';

/** An activation in float64. */
export const reference: Reference<'x', { kind: ActivationKind }> = ({ x }, { kind }) =>
  new HostArray(x.shape, x.data.map(activationOf(kind).reference));
