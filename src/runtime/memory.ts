import { MemoryError } from './errors.ts';
import { BufferUsage } from './flags.ts';

/** A stretch of GPU memory. In a recording its buffer is only assigned once all uses are known. */
export interface Storage {
  /** What its tensor takes; the buffer may be larger. */
  readonly bytes: number;
  buffer?: GPUBuffer;
  /** Its buffer may serve another storage by now. */
  released?: boolean;
  /**
   * Of a storage that was made in a recording: a result is freed with the recording; a temporary shares its buffer with
   * others.
   */
  role?: 'result' | 'temporary';
}

/** A buffer that temporaries of recordings use, and how many recordings do. */
interface SharedBuffer {
  readonly buffer: GPUBuffer;
  users: number;
}

const usage = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

/** Storage buffers are bound in whole 4-byte words; rounding up lets more sizes share a buffer. */
const roundUp = (bytes: number) => Math.max(256, Math.ceil(bytes / 256) * 256);

const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

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

  /** Buffers that the GPU has not granted or refused yet. */
  private readonly requests = new Map<GPUBuffer, Promise<void>>();
  private readonly refused = new WeakSet<GPUBuffer>();
  private readonly free = new Map<number, GPUBuffer[]>();
  /** Recordings run one after another, so their temporaries may use the same buffers. Largest first. */
  private readonly shared: SharedBuffer[] = [];

  constructor(private readonly gpu: GPUDevice) {}

  /** Returns a buffer of at least `bytes` bytes. The GPU may still refuse it, see `granted`. */
  take(bytes: number): GPUBuffer {
    const size = roundUp(bytes);
    const buffer = this.free.get(size)?.pop() ?? this.create(size);
    this.inUse += size;
    this.peak = Math.max(this.peak, this.inUse);
    return buffer;
  }

  /** Ends the use of a buffer that `take` returned. */
  putBack(buffer: GPUBuffer): void {
    this.inUse -= buffer.size;
    if (this.refused.has(buffer)) return;
    const list = this.free.get(buffer.size) ?? [];
    this.free.set(buffer.size, list);
    list.push(buffer);
  }

  /** Ends the use of a storage. */
  release(storage: Storage): void {
    if (!storage.buffer || storage.released) return;
    storage.released = true;
    this.putBack(storage.buffer);
  }

  /**
   * Buffers for a recording's temporaries, one for each of `sizes` (in bytes, largest first) and no buffer twice.
   * Those that other recordings use serve again where they are large enough.
   */
  share(sizes: readonly number[]): GPUBuffer[] {
    return sizes.map((bytes, i) => {
      if (!(this.shared[i]?.buffer.size >= bytes)) {
        this.shared.splice(i, 0, { buffer: this.take(bytes), users: 0 });
      }
      this.shared[i].users++;
      return this.shared[i].buffer;
    });
  }

  /** Ends one recording's use of the buffers that `share` returned. */
  unshare(buffers: readonly GPUBuffer[]): void {
    for (const buffer of buffers) {
      const i = this.shared.findIndex((shared) => shared.buffer === buffer);
      if (--this.shared[i].users > 0) continue;
      this.shared.splice(i, 1);
      this.putBack(buffer);
    }
  }

  /** Whether the GPU has granted a buffer, which it tells some time after the request. */
  isGranted = (buffer: GPUBuffer) => !this.requests.has(buffer) && !this.refused.has(buffer);

  /**
   * Resolves when the GPU has granted all of these buffers.
   * @throws MemoryError if it has refused one
   */
  async granted(buffers: readonly GPUBuffer[]): Promise<void> {
    await Promise.all(buffers.map((buffer) => this.requests.get(buffer)));
    const refused = buffers.filter((buffer) => this.refused.has(buffer));
    if (refused.length === 0) return;
    const wanted = this.reserved + refused.reduce((sum, { size }) => sum + size, 0);
    throw new MemoryError(`the GPU gave ${mib(this.reserved)} of ${mib(wanted)}`, this.reserved / wanted);
  }

  /** Gives all free buffers back to the GPU. No command that is still to be sent may use one. */
  trim(): void {
    for (const buffer of [...this.free.values()].flat()) {
      buffer.destroy();
      this.reserved -= buffer.size;
    }
    this.free.clear();
  }

  private create(size: number): GPUBuffer {
    this.reserved += size;
    this.gpu.pushErrorScope('out-of-memory');
    const buffer = this.gpu.createBuffer({ size, usage });
    const request = this.gpu.popErrorScope().then((error) => {
      if (!error) return;
      this.reserved -= size;
      this.refused.add(buffer);
    });
    const answered = request.catch(() => {}).finally(() => this.requests.delete(buffer)); // it rejects on a lost device
    this.requests.set(buffer, answered);
    return buffer;
  }
}
