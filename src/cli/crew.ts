import type { Checkpoint } from '../train/checkpoint.ts';
import { alone, type Group } from '../train/group.ts';
import type { Settings } from './settings.ts';
import { type Stopping, stopOnSignals } from './stop_signals.ts';

/** What describes a rank, in the order in which differences are told. */
export type Facts = Readonly<Record<string, unknown>>;

/** How the processes that train one net together begin alike and stay alike. */
export interface Crew {
  readonly group: Group;
  /** Opens data on the first rank, then on the others: they find what it has put into the cache. */
  inTurn<T>(open: () => Promise<T>): Promise<T>;
  /** Tells the other ranks what the run is that the first one resumes. */
  tell(run: { readonly settings: Settings; readonly checkpoint?: Checkpoint }): Promise<void>;
  /** @throws an error on all ranks, which names the first difference to the first rank */
  compare(facts: () => Promise<Facts>): Promise<void>;
  /** @throws an error on all ranks where one of them has come to another checkpoint */
  verify(checkpoint: Checkpoint): Promise<void>;
  /** Stops all ranks after the same step. */
  listen(): Stopping;
}

/** One process. */
export const solo: Crew = {
  group: alone,
  inTurn: (open) => open(),
  tell: async () => {},
  compare: async () => {},
  verify: async () => {},
  listen: stopOnSignals,
};
