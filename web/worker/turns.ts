/** One turn at a time on the GPU, in the order of asking: nothing may be recorded while a step is. */
export class Turns {
  private taken = false;
  private readonly waiting: (() => void)[] = [];

  /** Waits for a turn and does a job in it. */
  async take<T>(job: () => Promise<T>): Promise<T> {
    await this.begin();
    try {
      return await job();
    } finally {
      this.end();
    }
  }

  /** Within a turn: lets those who wait go first, and whoever comes until `resumed`. */
  async giveWay(resumed?: Promise<void>): Promise<void> {
    this.end();
    await resumed;
    await this.begin();
  }

  private async begin(): Promise<void> {
    if (this.taken) await new Promise<void>((go) => this.waiting.push(go));
    else this.taken = true;
  }

  private end(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.taken = false;
  }
}
