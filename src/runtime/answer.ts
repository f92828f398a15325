const NUDGE_MS = 4;

const isFirefox = /firefox/i.test(globalThis.navigator?.userAgent);

/**
 * What the GPU answers, when it does. Firefox looks for answers only every 100 ms and whenever something is submitted:
 * there something is, without any commands, until the answer has come. No step would be shorter otherwise.
 */
export async function answer<T>({ queue }: GPUDevice, coming: Promise<T>): Promise<T> {
  const nudging = isFirefox ? setInterval(() => queue.submit([]), NUDGE_MS) : undefined;
  try {
    return await coming;
  } finally {
    clearInterval(nudging);
  }
}
