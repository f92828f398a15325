import type { DataSummary, NetSummary, Phase, Source } from './messages.ts';
import type { WorkerClient } from './worker_client.ts';

/** State that the page's controls depend on. */
export interface State {
  readonly phase: Phase;
  /** Whether an adapter is open. */
  readonly ready: boolean;
  /** Whether the adapter can time kernels. */
  readonly timestamps: boolean;
  /** Whether the adapter supports mixed precision. */
  readonly f16: boolean;
  /** Where the pictures come from. */
  readonly source: Source['kind'];
  /** Whether there are pictures to train on. */
  readonly trainable: boolean;
  readonly data?: DataSummary;
  readonly net?: NetSummary;
}

type Listener = (state: State, previous: State) => void;

/** Holds the state and notifies listeners of changes. */
export class Store {
  /** The controls stay disabled until the page has begun: a click on them would be lost. */
  state: State = {
    phase: 'preparing',
    ready: false,
    timestamps: false,
    f16: false,
    source: 'shapes',
    trainable: false,
  };
  private readonly listeners: Listener[] = [];

  /** Calls the listener now and whenever the state changes. */
  watch(listener: Listener): void {
    this.listeners.push(listener);
    listener(this.state, this.state);
  }

  update(change: Partial<State>): void {
    const previous = this.state;
    this.state = { ...previous, ...change };
    for (const listener of this.listeners) listener(this.state, previous);
  }
}

/** What the panels share. */
export interface Page {
  readonly worker: WorkerClient;
  readonly store: Store;
  /** Runs the action of a control; shows its error to the user. */
  attempt(action: () => Promise<void>): Promise<void>;
}
