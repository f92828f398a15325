import { type ActivationKind, activate } from '../common/activation.ts';
import { HostArray, type Reference } from '../common/reference.ts';

/** An activation in float64, as PyTorch's `gelu` (exact), `silu`, `sigmoid` and `hardsigmoid`. */
export const reference: Reference<'x', { kind: ActivationKind }> = ({ x }, { kind }) =>
  new HostArray(x.shape, x.data.map(activate[kind]));
