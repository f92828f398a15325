import type { Engine } from './engine.ts';
import type { DataSummary, NetSummary, Phase } from './messages.ts';

/** What the page's controls depend on. */
export interface State {
  readonly phase: Phase;
  /** Whether there is an adapter. */
  readonly ready: boolean;
  /** Whether it can time kernels. */
  readonly timestamps: boolean;
  readonly half: boolean;
  readonly data?: DataSummary;
  readonly net?: NetSummary;
}

/** Holds the state and tells who depends on it. */
export class Store {
  state: State = { phase: 'idle', ready: false, timestamps: false, half: false };
  private readonly listeners: ((state: State) => void)[] = [];

  /** Calls the listener now and whenever the state changes. */
  watch(listener: (state: State) => void): void {
    this.listeners.push(listener);
    listener(this.state);
  }

  update(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener(this.state);
  }
}

/** What every panel is given. */
export interface Page {
  readonly engine: Engine;
  readonly store: Store;
  /** Does what a click asked for; what goes wrong is shown as a sentence. */
  attempt(action: () => Promise<void>): Promise<void>;
}
