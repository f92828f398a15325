/** Buffers of u32 numbers that never change: one for all that ask for the same numbers. They stay as long as the GPU. */
export class ConstantBuffers {
  private readonly buffers = new Map<string, GPUBuffer>();

  /** @param usage what the buffers are bound as, of `BufferUsage` */
  constructor(
    private readonly gpu: GPUDevice,
    private readonly usage: number,
  ) {}

  get(numbers: readonly number[]): GPUBuffer {
    const key = numbers.join();
    let buffer = this.buffers.get(key);
    if (!buffer) {
      const size = Math.ceil(numbers.length / 4) * 16;
      buffer = this.gpu.createBuffer({ size, usage: this.usage, mappedAtCreation: true });
      new Uint32Array(buffer.getMappedRange()).set(numbers);
      buffer.unmap();
      this.buffers.set(key, buffer);
    }
    return buffer;
  }
}
