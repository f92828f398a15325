import type { Answers, Event, FromWorker, Request, ToWorker } from './messages.ts';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

/** The page's side of the worker. */
export class Engine {
  private readonly worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
  private readonly waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  private readonly listeners = new Map<string, ((event: Event) => void)[]>();
  private asked = 0;

  constructor() {
    this.worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => this.hear(data));
  }

  /**
   * Rejects with a sentence for the visitor.
   * @param handedOver what the request holds that the page needs no more
   */
  ask<T extends Request['type']>(
    request: Extract<Request, { type: T }>,
    handedOver: Transferable[] = [],
  ): Promise<Answers[T]> {
    const id = ++this.asked;
    const message: ToWorker = { id, request };
    this.worker.postMessage(message, handedOver);
    return new Promise((resolve, reject) =>
      this.waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject }),
    );
  }

  on<T extends Event['type']>(type: T, listener: (event: Of<T>) => void): void {
    const listeners = this.listeners.get(type) ?? [];
    this.listeners.set(type, [...listeners, listener as (event: Event) => void]);
  }

  private hear(message: FromWorker): void {
    if (message.type === 'answer' || message.type === 'failure') {
      const { resolve, reject } = this.waiting.get(message.id)!;
      this.waiting.delete(message.id);
      if (message.type === 'answer') resolve(message.answer);
      else reject(new Error(message.message));
      return;
    }
    for (const listener of this.listeners.get(message.type) ?? []) listener(message);
  }
}
