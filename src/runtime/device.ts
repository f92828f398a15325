import type { AdapterChoice, AdapterSummary, Wait } from './adapter.ts';
import { bind, type Command, type Dispatch, type DispatchCommand, encode, resolve } from './command.ts';
import { GpuError, MemoryError } from './errors.ts';
import { BufferUsage, MapMode } from './flags.ts';
import { Memory, type Storage } from './memory.ts';
import { PipelineCache } from './pipeline.ts';
import { Recording } from './recording.ts';
import { byteLength, bytesPer, type DType, type Shape, sizeOf, type Tensor } from './tensor.ts';
import { Tuning } from './tuning.ts';

type HostArray = Float32Array | Uint32Array | Int32Array | Uint8Array | Uint16Array;

/**
 * A GPU that runs kernels. Commands are queued in order by `write` and `dispatch` and sent by `flush` or `read`;
 * `record` keeps them for replay instead.
 */
export class Device {
  readonly memory: Memory;
  readonly pipelines: PipelineCache;

  private pending: Command[] = [];
  private recording = false;
  /** Of the tensors of a recording that cannot be bound, the largest. */
  private tooLarge?: MemoryError;
  private scopes: Storage[][] = [];
  private flushing: Promise<void> = Promise.resolve();
  /** Flushes under way, which may be waiting for pipelines. */
  private sending = 0;
  private failure?: GpuError;

  /**
   * Opens the device of an adapter, with its limits and features where they help.
   * @param tuning the tiles of its kernels, where the default ones are not the fastest
   * @throws GpuError in the implementation's own words.
   */
  static async open({ adapter, info, wait }: AdapterChoice, tuning = new Tuning()): Promise<Device> {
    const wanted: GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];
    const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
    try {
      const gpu = await adapter.requestDevice({
        requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
        requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
      });
      return new Device(gpu, info, tuning, wait);
    } catch (error) {
      throw new GpuError((error as Error).message);
    }
  }

  private constructor(
    readonly gpu: GPUDevice,
    readonly adapter: AdapterSummary,
    readonly tuning: Tuning,
    private readonly wait?: Wait,
  ) {
    this.memory = new Memory(gpu);
    this.pipelines = new PipelineCache(gpu, adapter.kind !== 'gpu');
    gpu.addEventListener('uncapturederror', ({ error }) => {
      this.failure ??= new GpuError(error.message);
    });
    gpu.lost.then(({ reason, message }) => {
      if (reason !== 'destroyed') this.failure ??= new GpuError(`the GPU device was lost: ${message}`);
    });
  }

  /** An uninitialised tensor. Inside `tidy` it lives until that ends. */
  tensor(shape: Shape, dtype: DType = 'f32'): Tensor {
    const bytes = sizeOf(shape) * bytesPer[dtype];
    const limit = this.gpu.limits.maxStorageBufferBindingSize;
    if (bytes > limit) {
      const message = `a tensor [${shape}] takes ${bytes} bytes, but this adapter binds ${limit} at most`;
      const error = new MemoryError(message, limit / bytes);
      if (!this.recording) throw error;
      if (!this.tooLarge || error.share < this.tooLarge.share) this.tooLarge = error;
    }
    const storage = this.recording ? { bytes } : this.memory.allocate(bytes);
    this.scopes.at(-1)?.push(storage);
    return { storage, offset: 0, shape, dtype };
  }

  /** A tensor holding `data`. */
  upload(data: HostArray, shape: Shape, dtype: DType = 'f32'): Tensor {
    const tensor = this.tensor(shape, dtype);
    this.write(tensor, data);
    return tensor;
  }

  /** Gives a tensor's memory back; it must not be used again. Commands already queued still see it. */
  release(tensor: Tensor): void {
    if (!this.recording) this.memory.release(tensor.storage);
  }

  /** Runs `f`, then releases every tensor made meanwhile, except those in what it returned. */
  tidy<T>(f: () => T): T {
    const made: Storage[] = [];
    this.scopes.push(made);
    const kept = new Set<Storage>();
    try {
      const result = f();
      for (const storage of storagesIn(result)) kept.add(storage);
      return result;
    } finally {
      this.scopes.pop();
      this.scopes.at(-1)?.push(...made.filter((storage) => kept.has(storage)));
      if (!this.recording) for (const storage of made) if (!kept.has(storage)) this.memory.release(storage);
    }
  }

  /** Fills a tensor from the host. The data is copied before this returns. */
  write(tensor: Tensor, data: HostArray): void {
    if (data.byteLength !== byteLength(tensor)) {
      throw new Error(`write(): [${tensor.shape}] must get ${byteLength(tensor)} bytes, got ${data.byteLength}`);
    }
    if (this.recording) throw new Error('write(): a recording cannot hold host data, write before it runs');
    if (tensor.storage.released) throw new Error('write(): the tensor was released before this use');
    const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    const source = pad(this.idle ? bytes : bytes.slice());
    this.inOrder(() => this.gpu.queue.writeBuffer(tensor.storage.buffer!, tensor.offset, source));
  }

  /** Queues one run of a kernel; its pipeline starts to compile if it is new. */
  dispatch(dispatch: Dispatch): void {
    this.pending.push(resolve(dispatch, this.pipelines.get(dispatch.kernel, dispatch.constants)));
  }

  /** Sends all that is queued. Resolves when it is sent, not when it is done. */
  flush(): Promise<void> {
    const commands = this.pending;
    this.pending = [];
    this.sending++;
    this.flushing = this.flushing
      .catch(() => {})
      .then(() => this.send(commands))
      .finally(() => this.sending--);
    return this.flushing;
  }

  /** The tensor's elements on the host, after everything queued so far. f16 comes as raw bits. */
  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.readBytes(tensor));
  }

  /** The tensor's bytes on the host, after everything queued so far. */
  async readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    if (tensor.storage.released) throw new Error('read(): the tensor was released before this use');
    const bytes = byteLength(tensor);
    const staging = this.gpu.createBuffer({
      size: Math.ceil(bytes / 4) * 4,
      usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST,
    });
    this.pending.push({ type: 'copy', from: tensor, to: staging });
    await this.flush();
    try {
      await this.answer(staging.mapAsync(MapMode.READ));
    } catch (error) {
      throw this.failure ?? new GpuError((error as Error).message);
    }
    this.check();
    const copy = staging.getMappedRange().slice(0, bytes);
    staging.destroy();
    return copy;
  }

  /** Resolves when everything submitted so far is done. */
  async done(): Promise<void> {
    await this.answer(this.gpu.queue.onSubmittedWorkDone());
    this.check();
  }

  /** Sends everything queued and waits until it is done. */
  async finish(): Promise<void> {
    await this.flush();
    await this.done();
  }

  /**
   * Keeps the dispatches that `f` queues, to run them again and again. Tensors made in `f` share memory by
   * liveness; those it returns keep theirs.
   */
  async record<T>(f: () => T): Promise<Recording<T>> {
    await this.flush();
    this.recording = true;
    this.tooLarge = undefined;
    let result: T;
    let commands: Command[];
    try {
      result = f();
    } finally {
      commands = this.pending;
      this.pending = [];
      this.recording = false;
    }
    if (this.tooLarge) throw this.tooLarge;
    const dispatches = commands as DispatchCommand[];
    await this.compiled(dispatches);
    const inOrder = (submit: () => void) => this.inOrder(submit);
    const recording = new Recording(this.gpu, dispatches, result, storagesIn(result), this.memory, inOrder);
    await this.memory.settled();
    this.check();
    return recording;
  }

  /** Ends the device; nothing of it can be used again. */
  destroy(): void {
    this.gpu.destroy();
  }

  /** What the GPU answers, when it does. */
  answer<T>(coming: Promise<T>): Promise<T> {
    return this.wait ? this.wait(this.gpu, coming) : coming;
  }

  private async compiled(commands: readonly Command[]): Promise<void> {
    const kernels = new Set(commands.flatMap((command) => (command.type === 'dispatch' ? command.kernel : [])));
    const compiling = [...kernels].filter(({ pipeline }) => !pipeline);
    if (compiling.length > 0) await this.answer(Promise.all(compiling.map((kernel) => kernel.compiled)));
  }

  private get idle(): boolean {
    return this.pending.length === 0 && this.sending === 0;
  }

  /** Does something with the GPU's queue now, or behind the commands that still wait. */
  private inOrder(submit: () => void): void {
    if (this.idle) submit();
    else this.pending.push({ type: 'submit', submit });
  }

  private async send(commands: readonly Command[]): Promise<void> {
    await this.compiled(commands);
    let encoder: GPUCommandEncoder | undefined;
    let pass: GPUComputePassEncoder | undefined;
    const endPass = () => {
      pass?.end();
      pass = undefined;
    };
    const submit = () => {
      endPass();
      if (encoder) this.gpu.queue.submit([encoder.finish()]);
      encoder = undefined;
    };
    for (const command of commands) {
      if (command.type === 'submit') {
        submit();
        command.submit();
        continue;
      }
      encoder ??= this.gpu.createCommandEncoder();
      if (command.type === 'copy') {
        endPass();
        const { storage, offset } = command.from;
        encoder.copyBufferToBuffer(storage.buffer!, offset, command.to, 0, command.to.size);
        continue;
      }
      pass ??= encoder.beginComputePass();
      encode(pass, command, bind(this.gpu, command));
    }
    submit();
    await this.memory.settled();
    this.check();
  }

  private check(): void {
    if (this.failure) throw this.failure;
  }
}

/** Buffers are written in whole words. */
function pad(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length % 4 === 0) return bytes;
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return padded;
}

function storagesIn(value: unknown): Storage[] {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return [];
  if ('storage' in value && 'dtype' in value) {
    const { storage, moments } = value as Tensor;
    return moments?.tensor ? [storage, moments.tensor.storage] : [storage];
  }
  return (value instanceof Map ? [...value.values()] : Object.values(value)).flatMap(storagesIn);
}
