/** How long to sleep, as a fraction of the time waited so far: it limits how late a result is noticed. */
const FRACTION = 1 / 32;
const LONGEST_MS = 1;

/** Nothing ever notifies it. */
const clock = new Int32Array(new SharedArrayBuffer(4));

let waiting = 0;
let since = 0;
let scheduled = false;

/**
 * Waits for a promise of a software adapter in Node. Meanwhile Dawn polls the driver in each turn of the event loop, on a core
 * that the adapter computes on: a step takes twice as long. So this thread sleeps once in each turn.
 */
export async function nap<T>(_gpu: GPUDevice, promise: Promise<T>): Promise<T> {
  waiting++;
  since = performance.now();
  schedule();
  try {
    return await promise;
  } finally {
    waiting--;
  }
}

function schedule(): void {
  if (!scheduled) setImmediate(sleep);
  scheduled = true;
}

function sleep(): void {
  scheduled = false;
  if (waiting === 0) return;
  napSince(since);
  schedule();
}

/** Stops this thread for a fraction of the time that it has waited for something. */
export function napSince(begin: number): void {
  Atomics.wait(clock, 0, 0, Math.min(LONGEST_MS, (performance.now() - begin) * FRACTION));
}
