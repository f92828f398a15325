/** Training readbacks for the progress line are this far apart, in milliseconds. */
const INTERVAL = 1000;

/** Means over the images of an epoch so far, each at the time of its step. */
export interface Reading {
  readonly loss: number;
  readonly accuracy: number;
}

/** Times an epoch, and says when its loss is worth a readback. Time in `pause` counts only while a step is under way. */
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

  /**
   * Waits for something that is not training. A checkpoint, which is read back from the GPU, waits for the step under way
   * first: that is training still.
   * @param step resolves when that step is done
   */
  async pause(something: void | Promise<void>, step: Promise<void>): Promise<void> {
    let done: number | undefined;
    const note = () => {
      done = performance.now();
    };
    // A step that fails is told of by who waits for it.
    step.then(note, () => {});
    await something;
    if (done !== undefined) this.idle += performance.now() - done;
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
