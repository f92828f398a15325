const NUDGE_MS = 4;

/**
 * Waits in Firefox, which looks for answers only every 100 ms and whenever something is submitted: there something is,
 * without any commands, until the answer has come. No step would be shorter otherwise.
 */
export async function nudge<T>({ queue }: GPUDevice, coming: Promise<T>): Promise<T> {
  const nudging = setInterval(() => queue.submit([]), NUDGE_MS);
  try {
    return await coming;
  } finally {
    clearInterval(nudging);
  }
}
