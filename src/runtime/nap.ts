/** A nap's length as a share of what was waited before it, so that no answer is noticed much later than it came. */
const SHARE = 1 / 32;
const LONGEST_MS = 1;

const nobody = new Int32Array(new SharedArrayBuffer(4));

let waiting = 0;
let since = 0;
let scheduled = false;

/**
 * Waits for a software adapter in Node. While anything is awaited, Dawn asks the driver again and again, on a core that the
 * adapter computes on: a step takes twice as long. Here the thread sleeps in between, once in each turn of the event loop.
 */
export async function nap<T>(_gpu: GPUDevice, coming: Promise<T>): Promise<T> {
  waiting++;
  since = performance.now();
  schedule();
  try {
    return await coming;
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
  Atomics.wait(nobody, 0, 0, Math.min(LONGEST_MS, (performance.now() - since) * SHARE));
  schedule();
}
