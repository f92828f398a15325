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
  private images = 0;
  private readonly start = performance.now();
  private lastRead = performance.now();
  private idle = 0;
  private end?: number;

  /** Counts the images of a step. */
  add(images: number): void {
    this.images += images;
  }

  /** Whether the last reading is old. */
  get due(): boolean {
    return performance.now() - this.lastRead > INTERVAL;
  }

  read(reading: Reading): void {
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

  get imagesPerSecond(): number {
    const seconds = ((this.end ?? performance.now()) - this.start - this.idle) / 1000;
    return seconds > 0 ? this.images / seconds : 0;
  }
}
