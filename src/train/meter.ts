/** Training readbacks for the progress line are this far apart, in milliseconds. */
const INTERVAL = 1000;

/** Means over the images of an epoch so far, each at the time of its step. */
export interface Reading {
  readonly loss: number;
  readonly accuracy: number;
}

/** Times an epoch, and says when its loss is worth a readback. Time spent waiting in `pause` does not count. */
export class Meter {
  reading?: Reading;
  /** Images of steps that are done, and of the one that is under way. */
  private done = 0;
  private underWay = 0;
  private readonly start = performance.now();
  private lastRead = performance.now();
  private idle = 0;
  private end?: number;

  /** Counts the images of a step that has begun, when all before it are done. */
  add(images: number): void {
    this.finishStep();
    this.underWay = images;
  }

  /** Whether the last reading is old. */
  get due(): boolean {
    return performance.now() - this.lastRead > INTERVAL;
  }

  /** Takes what was read back, which is when no step is under way. */
  read(reading: Reading): void {
    this.finishStep();
    this.reading = reading;
    this.lastRead = performance.now();
  }

  /** Waits for something that is not training. */
  async pause(something: void | Promise<void>): Promise<void> {
    const start = performance.now();
    await something;
    this.idle += performance.now() - start;
  }

  /** Training is done; the rate stays as it is. */
  stop(): void {
    this.end = performance.now();
  }

  /** Undefined until a step is done. */
  get imagesPerSecond(): number | undefined {
    if (this.done === 0) return undefined;
    return (1000 * this.done) / ((this.end ?? performance.now()) - this.start - this.idle);
  }

  private finishStep(): void {
    this.done += this.underWay;
    this.underWay = 0;
  }
}
