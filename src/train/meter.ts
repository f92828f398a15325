/** Milliseconds between readbacks for the progress line. */
const INTERVAL = 1000;

/** Means over the images of an epoch so far, each at the time of its step. */
export interface Reading {
  readonly loss: number;
  readonly accuracy: number;
}

/** Measures the speed of an epoch, and limits readbacks of its loss. Time in `pause` counts only while a step runs. */
export class Meter {
  reading?: Reading;
  /** Images of finished steps, and of the running one. */
  private done = 0;
  private underWay = 0;
  private readonly start = performance.now();
  private lastRead = performance.now();
  private idle = 0;
  private end?: number;

  /** Counts the images of a step that begins after all earlier ones are done. */
  add(images: number): void {
    this.finishStep();
    this.underWay = images;
  }

  /** Whether the last reading is older than the interval. */
  get due(): boolean {
    return performance.now() - this.lastRead > INTERVAL;
  }

  /** Stores a readback, which waits for all steps. */
  read(reading: Reading): void {
    this.finishStep();
    this.reading = reading;
    this.lastRead = performance.now();
  }

  /**
   * Waits for work that is not training. Time until the running step is done still counts as training: a checkpoint, for
   * example, first waits for it.
   * @param step resolves when the running step is done
   */
  async pause(work: void | Promise<void>, step: Promise<void>): Promise<void> {
    let done: number | undefined;
    const markDone = () => {
      done = performance.now();
    };
    // Errors surface where the step is awaited.
    step.then(markDone, () => {});
    await work;
    if (done !== undefined) this.idle += performance.now() - done;
  }

  /** Ends the measurement. */
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
