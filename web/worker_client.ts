import type { Answers, Event, FromWorker, Request, ToWorker } from './messages.ts';

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>;

/** Sends requests to the worker and dispatches its events. */
export class WorkerClient {
  private readonly worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
  /** Unanswered requests by id. */
  private readonly pending = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  private readonly listeners = new Map<string, ((event: Event) => void)[]>();
  private lastId = 0;

  constructor() {
    this.worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.receive(data));
  }

  /**
   * Sends a request and returns the worker's answer.
   * @param transfer objects in the request to transfer instead of copy
   * @throws Error with a sentence for the user, if the worker fails
   */
  request<T extends Request['type']>(
    request: Extract<Request, { type: T }>,
    transfer: Transferable[] = [],
  ): Promise<Answers[T]> {
    const id = ++this.lastId;
    const message: ToWorker = { id, request };
    this.worker.postMessage(message, transfer);
    return new Promise((resolve, reject) =>
      this.pending.set(id, { resolve: resolve as (answer: unknown) => void, reject }),
    );
  }

  /** Adds a listener for events of a type. */
  on<T extends Event['type']>(type: T, listener: (event: EventOf<T>) => void): void {
    const listeners = this.listeners.get(type) ?? [];
    this.listeners.set(type, [...listeners, listener as (event: Event) => void]);
  }

  private receive(message: FromWorker): void {
    if (message.type === 'answer' || message.type === 'failure') {
      const { resolve, reject } = this.pending.get(message.id)!;
      this.pending.delete(message.id);
      if (message.type === 'answer') resolve(message.answer);
      else reject(new Error(message.message));
      return;
    }
    for (const listener of this.listeners.get(message.type) ?? []) listener(message);
  }
}
