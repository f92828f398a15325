import { expect, test } from 'vitest';
import { MemoryError } from '../../src/runtime/errors.ts';
import { Memory } from '../../src/runtime/memory.ts';

/** A GPU that has so many bytes. */
function gpuWith(bytes: number): GPUDevice {
  let left = bytes;
  let refused = false;
  return {
    pushErrorScope: () => {
      refused = false;
    },
    createBuffer: ({ size }: GPUBufferDescriptor) => {
      refused = size > left;
      if (!refused) left -= size;
      return { size };
    },
    popErrorScope: () => Promise.resolve(refused ? { message: 'out of memory' } : null),
  } as unknown as GPUDevice;
}

test('memory that the GPU refuses is told, with the share that it gave', async () => {
  const memory = new Memory(gpuWith(3 << 20));
  memory.allocate(1 << 20);
  await memory.settled();
  memory.lend([2 << 20, 1 << 20]);
  const refusal = memory.settled();
  await expect(refusal).rejects.toThrow(MemoryError);
  await expect(refusal).rejects.toMatchObject({ message: 'the GPU gave 3 MiB of 4 MiB', share: 0.75 });
});
