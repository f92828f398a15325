const NUDGE_MS = 4;

/**
 * Waits for a promise in Firefox, which polls the GPU only every 100 ms and when something is submitted. So this submits
 * nothing, again and again; otherwise no step would take less than 100 ms.
 */
export async function nudge<T>({ queue }: GPUDevice, promise: Promise<T>): Promise<T> {
  const nudging = setInterval(() => queue.submit([]), NUDGE_MS);
  try {
    return await promise;
  } finally {
    clearInterval(nudging);
  }
}
