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

type Listener = (state: State, before: State) => void;

/** Holds the state and tells who depends on it. */
export class Store {
  state: State = { phase: 'idle', ready: false, timestamps: false, half: false };
  private readonly listeners: Listener[] = [];

  /** Calls the listener now and whenever the state changes. */
  watch(listener: Listener): void {
    this.listeners.push(listener);
    listener(this.state, this.state);
  }

  update(change: Partial<State>): void {
    const before = this.state;
    this.state = { ...before, ...change };
    for (const listener of this.listeners) listener(this.state, before);
  }
}

/** What every panel is given. */
export interface Page {
  readonly engine: Engine;
  readonly store: Store;
  /** Does what a click asked for; what goes wrong is shown as a sentence. */
  attempt(action: () => Promise<void>): Promise<void>;
}
