import { MemoryError } from './errors.ts';
import { BufferUsage } from './flags.ts';

/** A stretch of GPU memory. In a recording its buffer is only assigned once all uses are known. */
export interface Storage {
  readonly bytes: number;
  buffer?: GPUBuffer;
  /** Its buffer may serve another by now. */
  released?: boolean;
}

const usage = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

/** Storage buffers are bound in whole 4-byte words; rounding up lets more sizes share a buffer. */
const roundUp = (bytes: number) => Math.max(256, Math.ceil(bytes / 256) * 256);

/**
 * The device's buffers. A released storage's buffer serves the next request of its size, so a loop of steps
 * allocates only in its first round. All figures are bytes.
 */
export class Memory {
  /** Held by live storages. */
  inUse = 0;
  /** The most that was ever held at once. */
  peak = 0;
  /** Taken from the GPU, free or held. */
  reserved = 0;

  /** Of the reserved bytes, those that the GPU has not refused; it answers late. */
  private granted = 0;
  private refused = false;
  private answers: Promise<void>[] = [];

  private readonly free = new Map<number, GPUBuffer[]>();
  /** Buffers that recordings lend to their temporaries; recordings run one after another and may share them. */
  private readonly shared: GPUBuffer[] = [];

  constructor(private readonly gpu: GPUDevice) {}

  allocate(bytes: number): Storage {
    const rounded = roundUp(bytes);
    const buffer = this.free.get(rounded)?.pop() ?? this.create(rounded);
    this.inUse += rounded;
    this.peak = Math.max(this.peak, this.inUse);
    return { bytes: rounded, buffer };
  }

  release(storage: Storage): void {
    if (!storage.buffer || storage.released) return;
    storage.released = true;
    const list = this.free.get(storage.bytes) ?? [];
    this.free.set(storage.bytes, list);
    list.push(storage.buffer);
    this.inUse -= storage.bytes;
  }

  /**
   * Buffers for a recording's temporaries, one for each of `sizes` (in bytes, largest first) and no buffer twice.
   * Those lent to earlier recordings serve again where they are large enough.
   */
  lend(sizes: readonly number[]): GPUBuffer[] {
    this.shared.sort((a, b) => b.size - a.size);
    return sizes.map((bytes, i) => {
      if (this.shared[i]?.size >= bytes) return this.shared[i];
      const buffer = this.create(roundUp(bytes));
      this.inUse += buffer.size;
      this.peak = Math.max(this.peak, this.inUse);
      this.shared.splice(i, 0, buffer);
      return buffer;
    });
  }

  /**
   * Resolves when the GPU has answered all requests.
   * @throws MemoryError if it refused one
   */
  async settled(): Promise<void> {
    await Promise.all(this.answers);
    this.answers = [];
    if (!this.refused) return;
    const [wanted, got] = [this.reserved, this.granted].map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`);
    throw new MemoryError(`the GPU gave ${got} of ${wanted}`, this.granted / this.reserved);
  }

  private create(bytes: number): GPUBuffer {
    this.reserved += bytes;
    this.gpu.pushErrorScope('out-of-memory');
    const buffer = this.gpu.createBuffer({ size: bytes, usage });
    this.answers.push(
      this.gpu.popErrorScope().then((error) => {
        if (error) this.refused = true;
        else this.granted += bytes;
      }),
    );
    return buffer;
  }
}
