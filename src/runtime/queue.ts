import { bind, type Command, encode } from './command.ts';
import type { Failures } from './failures.ts';
import type { Memory } from './memory.ts';
import type { Tensor } from './tensor.ts';

/** Waits for a promise of the GPU, as suits the platform. */
export type Wait = <T>(promise: Promise<T>) => Promise<T>;

/** Commands in order. They are sent once their kernels are compiled and their memory is granted. */
export class CommandQueue {
  private pending: Command[] = [];
  /** Flushes under way, and when the last of them ends. */
  private flushes = 0;
  private flushed: Promise<void> = Promise.resolve();

  constructor(
    private readonly gpu: GPUDevice,
    private readonly memory: Memory,
    private readonly failures: Failures,
    private readonly wait: Wait,
  ) {}

  /** Whether everything was sent. */
  get isEmpty(): boolean {
    return this.pending.length === 0 && this.flushes === 0;
  }

  /** Adds a command. A run is sent at once if nothing is before it. */
  push(command: Command): void {
    if (command.type === 'run' && this.isEmpty) command.submit();
    else this.pending.push(command);
  }

  /** Fills a tensor, at once if nothing is before it. The bytes are copied before this returns. */
  write(to: Tensor, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.isEmpty && this.memory.isGranted(to.storage.buffer!)) this.writeNow(to, padded(bytes));
    else this.pending.push({ type: 'write', to, bytes: padded(bytes.slice()) });
  }

  /**
   * Sends all commands. Resolves when they are sent, not when they are done.
   * @throws ShaderError or MemoryError for the first command that could not be sent; the others were
   */
  flush(): Promise<void> {
    const commands = this.pending;
    this.pending = [];
    this.flushes++;
    this.flushed = this.flushed
      .catch(() => {})
      .then(() => this.send(commands))
      .finally(() => this.flushes--);
    return this.flushed;
  }

  private async send(commands: readonly Command[]): Promise<void> {
    const check = this.failures.watch();
    const errors = await this.unready(commands);
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
      if (errors.has(command)) continue;
      if (command.type === 'write' || command.type === 'run') {
        submit();
        if (command.type === 'write') this.writeNow(command.to, command.bytes);
        else command.submit();
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
    for (const error of errors.values()) throw error;
    check();
  }

  /** Waits until commands can be sent. Returns those that never can, in their order, with the reason. */
  private async unready(commands: readonly Command[]): Promise<Map<Command, Error>> {
    const requirements = commands.map((command) => [command, this.requirement(command)] as const);
    const waiting = requirements.filter(([, requirement]) => requirement);
    if (waiting.length > 0) await this.wait(Promise.allSettled(waiting.map(([, requirement]) => requirement)));
    const errors = new Map<Command, Error>();
    for (const [command, requirement] of waiting) await requirement!.catch((error) => errors.set(command, error));
    return errors;
  }

  /** What a command must wait for, if for anything. */
  private requirement(command: Command): Promise<unknown> | undefined {
    if (command.type === 'run') return undefined;
    const kernel = command.type === 'dispatch' ? command.kernel : undefined;
    const tensors =
      command.type === 'dispatch' ? command.tensors : [command.type === 'write' ? command.to : command.from];
    const buffers = tensors.map(({ storage }) => storage.buffer!);
    const isReady = (!kernel || kernel.pipeline) && buffers.every(this.memory.isGranted);
    return isReady ? undefined : Promise.all([kernel?.compiled, this.memory.granted(buffers)]);
  }

  private writeNow({ storage, offset }: Tensor, bytes: Uint8Array<ArrayBuffer>): void {
    this.gpu.queue.writeBuffer(storage.buffer!, offset, bytes);
  }
}

/** Buffers are written in whole words. */
function padded(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length % 4 === 0) return bytes;
  const words = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  words.set(bytes);
  return words;
}
