// The worker: all computation runs here, so that it never blocks the page.
import type { FromWorker, ToWorker } from '../messages.ts';
import { Session } from './session.ts';

const send = (message: FromWorker) => self.postMessage(message);
const session = new Session(send);

self.addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
  const { id, request } = data;
  try {
    send({ type: 'answer', id, answer: await session.handle(request) });
  } catch (error) {
    send({ type: 'failure', id, message: (error as Error).message });
  }
});
