import { expect, test } from 'vitest';
import { MemoryError } from '../../src/runtime/errors.ts';
import { Memory } from '../../src/runtime/memory.ts';

/** A stand-in for a GPU with `bytes` bytes of memory. */
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
      return {
        size,
        destroy: () => {
          left += size;
        },
      };
    },
    popErrorScope: () => Promise.resolve(refused ? { message: 'out of memory' } : null),
  } as unknown as GPUDevice;
}

test('memory that the GPU refuses is told, with the share that it gave', async () => {
  const memory = new Memory(gpuWith(3 << 20));
  const first = memory.take(1 << 20);
  expect(memory.isGranted(first)).toBe(false);
  await memory.granted([first]);
  expect(memory.isGranted(first)).toBe(true);
  const shared = memory.share([2 << 20, 1 << 20]);
  const refusal = memory.granted(shared);
  await expect(refusal).rejects.toThrow(MemoryError);
  await expect(refusal).rejects.toMatchObject({ message: 'the GPU gave 3 MiB of 4 MiB', share: 0.75 });
  expect(shared.map(memory.isGranted)).toEqual([true, false]);
  await memory.granted([first, shared[0]]);
  memory.unshare(shared);
  expect([memory.inUse, memory.reserved]).toEqual([1 << 20, 3 << 20]);
  memory.trim();
  expect([memory.inUse, memory.reserved]).toEqual([1 << 20, 1 << 20]);
  await memory.granted(memory.share([2 << 20]));
});
