import type { Module } from '../nn/module.ts';
import type { HostTensor, StateDict } from '../nn/parameters.ts';
import { type NamedTensors, requireSound } from './state.ts';

/** What a net takes of the tensors of another one. */
export interface Fitting {
  /** The tensors that fit, by the net's names. */
  readonly state: StateDict;
  /** The net's tensors that keep their initial values. */
  readonly fresh: readonly string[];
  /** The keys of the tensors that the net does not take. */
  readonly left: readonly string[];
}

/** How the tensors of another net are matched. */
export interface FittingOptions {
  /** The key among the tensors of one of the net's names; the name itself if left out. */
  keyOf?(name: string): string;
  /** The net's tensors that keep their initial values, whatever there is. */
  readonly except?: ReadonlySet<string>;
}

/**
 * Picks the tensors that a net can start from: float32, under the names of its parameters and buffers, of their shapes.
 * @throws UserError naming the first with a number that is not finite, or a variance below 0
 */
export function fitTensors(
  tensors: NamedTensors,
  module: Module,
  { keyOf = (name) => name, except = new Set() }: FittingOptions = {},
): Fitting {
  const state: Record<string, HostTensor> = {};
  const fresh: string[] = [];
  const left = new Set(Object.keys(tensors));
  for (const [name, { shape }] of module.named()) {
    const key = keyOf(name);
    const found = Object.hasOwn(tensors, key) ? tensors[key] : undefined;
    if (found && !except.has(name) && `${found.shape}` === `${shape}` && found.data instanceof Float32Array) {
      state[name] = found as HostTensor;
      left.delete(key);
    } else fresh.push(name);
  }
  requireSound(state);
  return { state, fresh, left: [...left] };
}
