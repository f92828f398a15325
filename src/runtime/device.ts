import type { AdapterChoice, AdapterSummary } from './adapter.ts';
import { type Capabilities, capabilitiesOf } from './capabilities.ts';
import { bind, type Dispatch, type DispatchCommand, requireUsable, resolve } from './command.ts';
import { ConstantBuffers } from './constants.ts';
import { GpuError, MemoryError } from './errors.ts';
import { Failures } from './failures.ts';
import { BufferUsage, MapMode } from './flags.ts';
import { dtypeOf, fromBytes, type HostArray, type ReadArray, toBytes, type UploadedTensor } from './host_array.ts';
import { Memory, type Storage } from './memory.ts';
import { PipelineCache } from './pipeline.ts';
import { CommandQueue, type Wait } from './queue.ts';
import { Recording } from './recording.ts';
import { allocateStorages } from './recording_memory.ts';
import { requireSynchronous, storagesIn } from './results.ts';
import { byteLength, bytesPer, type DType, type IntegerTensor, type Shape, sizeOf, type Tensor } from './tensor.ts';
import { Tuning } from './tuning.ts';

/** What a device is opened with. */
export interface DeviceOptions {
  /** Tiles of its kernels, where the default ones are not the fastest. */
  readonly tuning?: Tuning;
  /** What its kernels are written for, if not for what the adapter is. */
  readonly capabilities?: Capabilities;
}

/** What happens while a recorded function runs. */
interface Capture {
  readonly commands: DispatchCommand[];
  /** Of the tensors that cannot be bound, the largest. */
  tooLarge?: MemoryError;
}

/**
 * A GPU that runs kernels. Commands are queued in order by `write` and `dispatch` and sent by `flush` or `read`;
 * `record` keeps them for replay instead.
 *
 * An error of one operation is thrown where that is awaited and does not affect others, unless the GPU itself is gone.
 */
export class Device {
  readonly memory: Memory;
  readonly pipelines: PipelineCache;

  private readonly constants: ConstantBuffers;
  private readonly failures: Failures;
  private readonly queue: CommandQueue;
  private capture?: Capture;
  /** Storages made in each `tidy` that runs. */
  private scopes: Storage[][] = [];

  /**
   * Opens the device of an adapter, with its limits and features where they help.
   * @throws GpuError in the implementation's own words.
   */
  static async open({ adapter, info, wait }: AdapterChoice, options: DeviceOptions = {}): Promise<Device> {
    const { tuning = new Tuning(), capabilities = capabilitiesOf(info, adapter) } = options;
    const wanted: GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];
    const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
    try {
      const gpu = await adapter.requestDevice({
        requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
        requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
      });
      return new Device(gpu, info, capabilities, tuning, (promise) => (wait ? wait(gpu, promise) : promise));
    } catch (error) {
      throw new GpuError((error as Error).message);
    }
  }

  private constructor(
    readonly gpu: GPUDevice,
    readonly adapter: AdapterSummary,
    readonly capabilities: Capabilities,
    readonly tuning: Tuning,
    /** Waits for a promise of the GPU, as suits the platform. */
    readonly wait: Wait,
  ) {
    this.memory = new Memory(gpu);
    this.constants = new ConstantBuffers(gpu, BufferUsage.STORAGE | BufferUsage.COPY_SRC);
    this.failures = new Failures(gpu);
    this.pipelines = new PipelineCache(gpu, capabilities.sizesAsData);
    this.queue = new CommandQueue(gpu, this.memory, this.failures, wait);
  }

  /** An uninitialised tensor. Inside `tidy` it lives until that ends. */
  tensor(shape: Shape, dtype: DType = 'f32'): Tensor {
    this.failures.check();
    if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
      throw new Error(`tensor(): extents must be whole numbers above 0, got [${shape}]`);
    }
    const storage: Storage = { bytes: sizeOf(shape) * bytesPer[dtype] };
    this.requireBindable(shape, storage.bytes);
    if (!this.capture) storage.buffer = this.memory.take(storage.bytes);
    this.scopes.at(-1)?.push(storage);
    return { storage, offset: 0, shape, dtype };
  }

  /**
   * A tensor holding `data`. Its dtype is that of the array: f32, i32, u32, u8, and f16 for a Uint16Array of bits. As 'f16',
   * a Float32Array is rounded.
   */
  upload<A extends HostArray>(data: A, shape: Shape, dtype: DType = dtypeOf(data)): UploadedTensor<A> {
    const bytes = toBytes('upload', data, shape, dtype);
    this.requireNotRecording('upload', 'host data is written before it runs');
    const tensor = this.tensor(shape, dtype);
    this.queue.write(tensor, bytes);
    return tensor as UploadedTensor<A>;
  }

  /** A tensor [n] of n numbers that never change, in a recorded function, too. It need not and cannot be released. */
  constant(numbers: readonly number[]): IntegerTensor<'u32'> {
    const bytes = numbers.length * bytesPer.u32;
    const storage: Storage = { bytes, buffer: this.constants.get(numbers) };
    return { storage, offset: 0, shape: [numbers.length], dtype: 'u32', isView: true };
  }

  /**
   * Gives a tensor's memory back; it must not be used again. Commands already queued still see it. In a recording it does
   * nothing for tensors that were made there, whose memory is shared by their lifetimes anyway.
   * @throws Error for a tensor that does not own its memory: a view, or a tensor of a recording, which is freed as a whole
   */
  release(tensor: Tensor): void {
    const { storage, isView, offset, shape } = tensor;
    if (isView || offset > 0 || byteLength(tensor) < storage.bytes) {
      throw new Error(`release(): a view does not own its memory, release the whole tensor, got a view [${shape}]`);
    }
    if (storage.role) {
      throw new Error(`release(): a recording owns its tensors, dispose of the recording, got its [${shape}]`);
    }
    if (this.capture && !storage.buffer) return;
    this.requireNotRecording('release', 'a tensor made before cannot be released in it');
    this.memory.release(storage);
  }

  /**
   * Runs `f`, then releases every tensor made meanwhile, except those in what it returned.
   * @throws Error if `f` is asynchronous: it would go on with tensors that are released
   */
  tidy<T>(f: () => T): T {
    const made: Storage[] = [];
    this.scopes.push(made);
    const kept = new Set<Storage>();
    try {
      const result = f();
      requireSynchronous('tidy', result);
      for (const storage of storagesIn(result)) kept.add(storage);
      return result;
    } finally {
      this.scopes.pop();
      this.scopes.at(-1)?.push(...made.filter((storage) => kept.has(storage)));
      if (!this.capture) for (const storage of made) if (!kept.has(storage)) this.memory.release(storage);
    }
  }

  /** Fills a tensor from an array of its dtype (f16 also from a Float32Array). The data is copied before this returns. */
  write(tensor: Tensor, data: HostArray): void {
    const bytes = toBytes('write', data, tensor.shape, tensor.dtype);
    this.requireNotRecording('write', 'host data is written before it runs');
    requireUsable('write(): the tensor', tensor);
    this.failures.check();
    this.queue.write(tensor, bytes);
  }

  /** Queues one run of a kernel; its pipeline starts to compile if it is new. */
  dispatch(dispatch: Dispatch): void {
    this.failures.check();
    const kernel = this.pipelines.get(dispatch.kernel, dispatch.constants);
    const command = resolve(dispatch, kernel);
    if (this.capture) this.capture.commands.push(command);
    else this.queue.push(command);
  }

  /** Sends all that is queued. Resolves when it is sent, not when it is done. */
  async flush(): Promise<void> {
    this.requireNotRecording('flush', 'nothing runs before it ends');
    await this.queue.flush();
  }

  /** The tensor's elements on the host, in an array of its dtype (f16 as a Float32Array), after everything queued so far. */
  async read<T extends Tensor>(tensor: T): Promise<ReadArray<T>> {
    return fromBytes(await this.readBytes(tensor), tensor.dtype) as ReadArray<T>;
  }

  /** The tensor's bytes on the host, after everything queued so far. */
  async readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    this.requireNotRecording('read', 'nothing runs before it ends');
    requireUsable('read(): the tensor', tensor);
    const check = this.failures.watch();
    const bytes = byteLength(tensor);
    const usage = BufferUsage.MAP_READ | BufferUsage.COPY_DST;
    const staging = this.gpu.createBuffer({ size: Math.ceil(bytes / 4) * 4, usage });
    try {
      this.queue.push({ type: 'copy', from: tensor, to: staging });
      await this.queue.flush();
      await this.wait(staging.mapAsync(MapMode.READ)).catch((error: Error) => {
        check();
        throw new GpuError(error.message);
      });
      check();
      return staging.getMappedRange().slice(0, bytes);
    } finally {
      staging.destroy();
    }
  }

  /** Sends all that is queued and resolves when everything that was sent is done. */
  async done(): Promise<void> {
    this.requireNotRecording('done', 'nothing runs before it ends');
    const check = this.failures.watch();
    if (!this.queue.isEmpty) await this.queue.flush();
    await this.wait(this.gpu.queue.onSubmittedWorkDone());
    check();
  }

  /**
   * Keeps the dispatches that `f` queues, to run them again and again. Tensors made in `f` share memory by
   * liveness; those it returns keep theirs, until the recording is disposed of.
   * @throws Error if `f` is asynchronous
   */
  async record<T>(f: () => T): Promise<Recording<T>> {
    const { commands, result } = this.captureFrom(f);
    await this.queue.flush();
    const compiling = commands.filter(({ kernel }) => !kernel.pipeline).map(({ kernel }) => kernel.compiled);
    if (compiling.length > 0) await this.wait(Promise.all(compiling));
    const makeRoom = async () => {
      await this.queue.flush();
      if (this.queue.isEmpty) this.memory.trim();
    };
    const free = await this.wait(allocateStorages(commands, storagesIn(result), this.memory, makeRoom));
    this.gpu.pushErrorScope('validation');
    const bindGroups = commands.map((command) => bind(this.gpu, command));
    const error = await this.wait(this.gpu.popErrorScope());
    if (error) {
      free();
      throw new GpuError(error.message);
    }
    const send = (submit: () => void) => {
      this.requireNotRecording('run', 'nothing runs before it ends');
      this.failures.check();
      this.queue.push({ type: 'run', submit });
    };
    return new Recording({ gpu: this.gpu, send, free }, commands, bindGroups, result);
  }

  /** Ends the device; nothing of it can be used again. */
  destroy(): void {
    this.failures.destroy();
    this.gpu.destroy();
  }

  /** Runs `f` and returns the dispatches that it makes. Nothing else can queue any meanwhile. */
  private captureFrom<T>(f: () => T): { commands: readonly DispatchCommand[]; result: T } {
    this.requireNotRecording('record', 'recordings cannot be nested');
    this.failures.check();
    const capture: Capture = { commands: [] };
    const { scopes } = this;
    this.capture = capture;
    this.scopes = [];
    try {
      const result = f();
      requireSynchronous('record', result);
      if (capture.tooLarge) throw capture.tooLarge;
      return { commands: capture.commands, result };
    } finally {
      this.capture = undefined;
      this.scopes = scopes;
    }
  }

  private requireNotRecording(method: string, reason: string): void {
    if (this.capture) throw new Error(`${method}(): not possible in a recorded function, ${reason}`);
  }

  /** @throws MemoryError for a tensor that is too large to be bound; a recorded function goes on, to find the largest one */
  private requireBindable(shape: Shape, bytes: number): void {
    const limit = this.gpu.limits.maxStorageBufferBindingSize;
    if (bytes <= limit) return;
    const message = `a tensor [${shape}] takes ${bytes} bytes, but this adapter binds ${limit} at most`;
    const error = new MemoryError(message, limit / bytes);
    if (!this.capture) throw error;
    const { tooLarge } = this.capture;
    if (!tooLarge || error.share < tooLarge.share) this.capture.tooLarge = error;
  }
}
