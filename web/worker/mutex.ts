/** A first-in, first-out lock. A device has one, because nothing else may be recorded while a step is recorded. */
export class Mutex {
  private locked = false;
  private readonly waiting: (() => void)[] = [];

  /** Waits for the lock, runs a job and releases the lock. Returns the job's result. */
  async runExclusive<T>(job: () => Promise<T>): Promise<T> {
    await this.acquire();
    try {
      return await job();
    } finally {
      this.release();
    }
  }

  /** For the holder of the lock: lets all waiting jobs run, and those that arrive until `resumed` resolves. */
  async yieldLock(resumed?: Promise<void>): Promise<void> {
    this.release();
    await resumed;
    await this.acquire();
  }

  private async acquire(): Promise<void> {
    if (this.locked) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.locked = true;
  }

  private release(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.locked = false;
  }
}
