import { describe, expect, test } from 'vitest';
import type { Device } from '../../src/runtime/device.ts';
import { GpuError, MemoryError, ShaderError } from '../../src/runtime/errors.ts';
import { openDevice, testDevice } from '../support/device.ts';
import { newConstant, shift, shifted } from '../support/kernel.ts';

const numbers = (...values: number[]) => Float32Array.from(values);

/** Makes a device's GPU refuse every buffer that would take it over `bytes` further bytes. */
function limitMemory({ gpu }: Device, bytes: number): void {
  let left = bytes;
  let isRefused = false;
  const { createBuffer, popErrorScope } = Object.getPrototypeOf(gpu) as GPUDevice;
  gpu.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(gpu, descriptor);
    isRefused = descriptor.size > left;
    if (isRefused) return buffer;
    left -= descriptor.size;
    const { destroy } = Object.getPrototypeOf(buffer) as GPUBuffer;
    buffer.destroy = () => {
      left += descriptor.size;
      destroy.call(buffer);
      return undefined;
    };
    return buffer;
  };
  gpu.popErrorScope = async () => {
    const error = isRefused ? ({ message: 'out of memory' } as GPUError) : null;
    isRefused = false;
    return (await popErrorScope.call(gpu)) ?? error;
  };
}

const chain = (device: Device, elements: number) => () => {
  let x = device.tensor([1, elements]);
  for (let i = 0; i < 3; i++) x = shifted(device, x);
  return x;
};

describe('refused memory', () => {
  test('fails its recording; a smaller one runs on the same device', async () => {
    const device = await openDevice();
    const before = device.upload(numbers(7), [1]);
    await device.flush();
    const { inUse, reserved } = device.memory;
    limitMemory(device, 5 << 20);
    await expect(device.record(chain(device, 1 << 20))).rejects.toThrow(MemoryError);
    await expect(device.record(chain(device, 1 << 20))).rejects.toMatchObject({
      message: 'the GPU gave 4 MiB of 12 MiB',
    });
    expect(device.memory.inUse).toBe(inUse);
    expect(device.memory.reserved).toBeLessThanOrEqual(reserved);
    const recording = await device.record(chain(device, 1 << 18));
    recording.run();
    expect((await device.read(recording.result)).length).toBe(1 << 18);
    expect(await device.read(before)).toEqual(numbers(7));
    device.destroy();
  });

  test('is found in what was freed, if there is enough', async () => {
    const device = await openDevice();
    limitMemory(device, 8 << 20);
    for (const elements of [1 << 18, 3 << 17, 1 << 19]) {
      const recording = await device.record(chain(device, elements));
      recording.run();
      recording.dispose();
    }
    await device.done();
    device.destroy();
  });

  test('fails what uses the tensor, and nothing else', async () => {
    const device = await openDevice();
    const one = device.upload(numbers(1), [1]);
    await device.flush();
    limitMemory(device, 1 << 20);
    const refused = device.upload(new Float32Array(1 << 19), [1, 1 << 19]);
    device.write(one, numbers(2));
    const y = shifted(device, one, newConstant());
    shift(device, refused, y, 1);
    await expect(device.flush()).rejects.toThrow(MemoryError);
    expect(await device.read(one)).toEqual(numbers(2));
    expect((await device.read(y))[0]).toBeGreaterThan(1000);
    await expect(device.read(refused)).rejects.toThrow(MemoryError);
    device.release(refused);
    const small = device.upload(numbers(3), [1]);
    expect(await device.read(small)).toEqual(numbers(3));
    device.destroy();
  });

  test('a tensor that cannot be bound fails its recording, which names the largest', async () => {
    const device = await testDevice();
    const limit = device.gpu.limits.maxStorageBufferBindingSize;
    const recorded = device.record(() => [device.tensor([limit]), device.tensor([limit, 2]), device.tensor([limit])]);
    await expect(recorded).rejects.toThrow(`a tensor [${limit},2] takes`);
    await device.record(chain(device, 4));
  });
});

describe('one operation fails', () => {
  const broken = { path: 'test/broken.wgsl', text: 'nonsense' };

  test('a kernel that does not compile: what was queued with it runs', async () => {
    const device = await testDevice();
    const x = device.upload(numbers(1), [1]);
    const y = shifted(device, x, newConstant());
    device.dispatch({ kernel: broken, constants: {}, reads: {}, writes: {}, workgroups: [1], flops: 0 });
    device.write(x, numbers(5));
    await expect(device.flush()).rejects.toThrow(ShaderError);
    expect((await device.read(y))[0]).toBeGreaterThan(1000);
    expect(await device.read(x)).toEqual(numbers(5));
  });

  test('a recording whose kernel does not compile', async () => {
    const device = await testDevice();
    const { inUse } = device.memory;
    const recorded = device.record(() => {
      const y = shifted(device, device.tensor([1]));
      device.dispatch({ kernel: broken, constants: {}, reads: {}, writes: {}, workgroups: [1], flops: 0 });
      return y;
    });
    await expect(recorded).rejects.toThrow(ShaderError);
    expect(device.memory.inUse).toBe(inUse);
  });

  test("an error of the GPU is thrown in the implementation's words, once, also by operations under way", async () => {
    const device = await openDevice();
    const x = device.upload(numbers(1), [1]);
    await device.flush();
    device.gpu.createBuffer({ size: 4, usage: 0 });
    const results = await Promise.allSettled([device.read(x), device.done()]);
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(GpuError) });
      expect((result as PromiseRejectedResult).reason.message).toMatch(/usage/i);
    }
    expect(await device.read(x)).toEqual(numbers(1));
    await device.done();
    device.destroy();
  });

  test('an error that arrives between operations is thrown by the next one', async () => {
    const device = await openDevice();
    const x = device.upload(numbers(1), [1]);
    await device.read(x);
    device.gpu.createBuffer({ size: 4, usage: 0 });
    await device.gpu.queue.onSubmittedWorkDone();
    await expect(device.done()).rejects.toThrow(GpuError);
    await device.done();
    device.destroy();
  });
});

test('a device that was destroyed says so', async () => {
  const device = await openDevice();
  const x = device.upload(numbers(1), [1]);
  const recording = await device.record(() => shifted(device, x));
  device.destroy();
  device.destroy();
  const message = 'the GPU device was destroyed';
  await expect(device.read(x)).rejects.toThrow(message);
  await expect(device.record(() => shifted(device, x))).rejects.toThrow(message);
  await expect(device.done()).rejects.toThrow(message);
  expect(() => recording.run()).toThrow(message);
  expect(() => device.write(x, numbers(1))).toThrow(message);
  expect(() => device.tensor([1])).toThrow(message);
  expect(() => shifted(device, x)).toThrow(message);
  device.release(x);
  recording.dispose();
});
