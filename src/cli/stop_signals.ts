/** Signals that end a command after its current step, and their exit codes. Slurm sends SIGUSR1 before a job's time is up. */
const STOP_SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGUSR1: 138 } as const;

/** A signal that aborts with the exit code as its reason; `release` ends listening. */
export interface Stopping {
  readonly signal: AbortSignal;
  release(): void;
}

/** Aborts at the first Ctrl-C, SIGTERM, SIGHUP or SIGUSR1. */
export function stopOnSignals(): Stopping {
  const stopping = new AbortController();
  const removers = Object.entries(STOP_SIGNALS).map(([name, code]) => {
    const listener = () => stopping.abort(code);
    // Not process.on(): a second signal ends the process immediately.
    process.once(name, listener);
    return () => process.off(name, listener);
  });
  return {
    signal: stopping.signal,
    release: () => {
      for (const remove of removers) remove();
    },
  };
}
