import { describe, expect, test } from 'vitest';
import * as elementwise from '../../kernels/elementwise/launch.ts';
import { MemoryError, ShaderError } from '../../src/runtime/errors.ts';
import { fromHalf } from '../../src/runtime/half.ts';
import { reshape, type Tensor, view } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';
import { shift, shiftKernel } from '../support/kernel.ts';

const count = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1);

describe('tensors go to the device and back', () => {
  test.each([1, 3, 4, 255, 1001])('%i floats, integers and halves', async (n) => {
    const device = await testDevice();
    const floats = count(n);
    expect(await device.read(device.upload(floats, [n]))).toEqual(floats);
    const integers = Int32Array.from(floats, (value) => -value);
    expect(await device.read(device.upload(integers, [n]))).toEqual(integers);
    const positive = Uint32Array.from(floats, (value) => 2 ** 32 - value);
    expect(await device.read(device.upload(positive, [n]))).toEqual(positive);
    const bits = Uint16Array.from(floats);
    const halves = device.upload(bits, [n]);
    expect(new Uint16Array(await device.readBytes(halves))).toEqual(bits);
    expect(await device.read(halves)).toEqual(Float32Array.from(bits, fromHalf));
  });

  test.each([1, 2, 3, 5, 1023])('%i bytes', async (n) => {
    const device = await testDevice();
    const bytes = Uint8Array.from({ length: n }, (_, i) => 255 - i);
    expect(await device.read(device.upload(bytes, [n]))).toEqual(bytes);
  });

  test('a part of a larger array', async () => {
    const device = await testDevice();
    expect(await device.read(device.upload(count(10).subarray(3, 6), [3]))).toEqual(Float32Array.of(4, 5, 6));
  });

  test('under another shape, and from an offset', async () => {
    const device = await testDevice();
    const x = device.upload(count(128), [128]);
    expect(await device.read(reshape(x, [2, 64]))).toEqual(count(128));
    const second = view(x, 256, [64]);
    expect(await device.read(second)).toEqual(count(128).subarray(64));
    device.write(second, count(64));
    expect((await device.read(x)).subarray(64)).toEqual(count(64));
  });

  test('data of another length is refused', async () => {
    const device = await testDevice();
    expect(() => device.upload(count(5), [2, 2])).toThrow('upload(): [2,2] must get 4 elements, got 5');
    expect(() => reshape(device.tensor([4]), [3])).toThrow('reshape(): [3] must hold 4 elements, got 3');
  });

  test('a tensor larger than a binding may be is refused', async () => {
    const device = await testDevice();
    const limit = device.gpu.limits.maxStorageBufferBindingSize;
    expect(() => device.tensor([limit, 2], 'f16')).toThrow(
      new MemoryError(`a tensor [${limit},2] takes ${4 * limit} bytes, but this adapter binds ${limit} at most`, 0.25),
    );
  });
});

describe('order', () => {
  test('a write comes after the dispatches that were queued before it', async () => {
    const device = await testDevice();
    const x = device.upload(Float32Array.of(1), [1]);
    const [first, second] = [device.tensor([1]), device.tensor([1])];
    const a = shift(device, x, first);
    const source = Float32Array.of(2);
    device.write(x, source);
    source[0] = 3; // the data was copied
    const b = shift(device, x, second);
    expect((await device.read(second))[0]).toBe(2 + b);
    expect((await device.read(first))[0]).toBe(1 + a);
  });

  test('a write comes after a flush that still waits for its kernels', async () => {
    const device = await testDevice();
    const x = device.upload(Float32Array.of(1), [1]);
    const y = device.tensor([1]);
    const constant = shift(device, x, y);
    const flushed = device.flush();
    device.write(x, Float32Array.of(2));
    await flushed;
    expect((await device.read(y))[0]).toBe(1 + constant);
    expect((await device.read(x))[0]).toBe(2);
  });

  test('memory of a released tensor serves another only after the commands that still see it', async () => {
    const device = await testDevice();
    const y = device.tensor([1]);
    const x = device.upload(Float32Array.of(1), [1]);
    const constant = shift(device, x, y);
    device.release(x);
    const other = device.upload(Float32Array.of(5), [1]);
    expect(other.storage.buffer).toBe(x.storage.buffer);
    expect((await device.read(y))[0]).toBe(1 + constant);
    expect((await device.read(other))[0]).toBe(5);
  });
});

describe('tidy', () => {
  test('releases what was made in it, except what it returns', async () => {
    const device = await testDevice();
    const made: Tensor[] = [];
    const make = () => {
      made.push(device.upload(count(4), [4]));
      return made.at(-1)!;
    };
    const result = device.tidy(() => {
      make();
      const inner = device.tidy(() => {
        make();
        return [make(), make()];
      });
      return { nested: { tensor: inner[0] }, map: new Map([[make(), make()]]), other: 'thing', none: null };
    });
    expect(made.map(({ storage }) => storage.released ?? false)).toEqual([true, true, false, true, true, false]);
    expect(await device.read(result.nested.tensor)).toEqual(count(4));
  });

  test('releases everything where an error is thrown', async () => {
    const device = await testDevice();
    const before = device.memory.inUse;
    expect(() =>
      device.tidy(() => {
        device.tensor([4]);
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(device.memory.inUse).toBe(before);
  });

  test('keeps tensors in sets, and in objects that refer to themselves', async () => {
    const device = await testDevice();
    const { set, self } = device.tidy(() => {
      const self: { tensor: Tensor; self?: unknown } = { tensor: device.tensor([1]) };
      self.self = self;
      return { set: new Set([device.tensor([1])]), self };
    });
    for (const { storage } of [...set, self.tensor]) expect(storage.released).toBeUndefined();
  });

  test('refuses an asynchronous function', async () => {
    const device = await testDevice();
    const before = device.memory.inUse;
    const f = async () => {
      const x = device.tensor([1]);
      await device.read(x);
      return device.read(x); // released by now
    };
    expect(() => device.tidy(f)).toThrow(
      'tidy(): the function must not be asynchronous, as its tensors would be released while it uses them',
    );
    expect(device.memory.inUse).toBe(before);
  });

  test('memory stays flat over many rounds', async () => {
    const device = await testDevice();
    const x = device.upload(count(1000), [1000]);
    const round = () => {
      const y = device.tidy(() => {
        const sum = device.tensor([1000]);
        elementwise.add(device, { a: x, b: x, sum });
        const twice = device.tensor([1000]);
        elementwise.add(device, { a: sum, b: x, sum: twice });
        return twice;
      });
      device.release(y);
    };
    round();
    await device.flush();
    const { inUse, reserved } = device.memory;
    for (let i = 0; i < 100; i++) round();
    await device.done();
    expect(device.memory.inUse).toBe(inUse);
    expect(device.memory.reserved).toBe(reserved);
    expect(device.memory.peak).toBeGreaterThanOrEqual(inUse);
  });
});

describe('mistakes', () => {
  test('a released tensor cannot be used', async () => {
    const device = await testDevice();
    const x = device.tensor([4]);
    const sum = device.tensor([4]);
    device.release(x);
    device.release(x); // twice is harmless
    expect(() => elementwise.add(device, { a: sum, b: x, sum })).toThrow(
      "kernels/elementwise/binary.wgsl: tensor 'b' was released before this use",
    );
    expect(() => device.write(x, count(4))).toThrow('write(): the tensor was released before this use');
    await expect(device.read(x)).rejects.toThrow('read(): the tensor was released before this use');
  });

  test('launch code must name the variables of its kernel', async () => {
    const device = await testDevice();
    const x = device.tensor([1]);
    const dispatch = { kernel: shiftKernel, constants: { CONSTANT: 1 }, workgroups: [1] as [number], flops: 0 };
    expect(() => device.dispatch({ ...dispatch, reads: {}, writes: { y: x } })).toThrow(
      "test/shift.wgsl: binding 'x' must be read-only-storage, got no such tensor",
    );
    expect(() => device.dispatch({ ...dispatch, reads: { x, y: x }, writes: {} })).toThrow(
      "test/shift.wgsl: binding 'y' must be storage, got no such tensor",
    );
    expect(() => device.dispatch({ ...dispatch, reads: { x, z: x }, writes: { y: x } })).toThrow(
      "test/shift.wgsl: has no binding 'z', only x, y",
    );
  });

  test('a kernel that does not compile fails the flush, and nothing after it', async () => {
    const device = await testDevice();
    const y = device.upload(Float32Array.of(7), [1]);
    const kernel = { path: 'test/wrong.wgsl', text: `${shiftKernel.text}\nwrong` };
    const x = device.tensor([1]);
    device.dispatch({ kernel, constants: { CONSTANT: 0 }, reads: { x }, writes: { y }, workgroups: [1], flops: 0 });
    await expect(device.flush()).rejects.toThrow(ShaderError);
    expect((await device.read(y))[0]).toBe(7);
  });

  test.each([[[70_000]], [[1, 0]], [[1, 1, 2.5]], [[Number.NaN]]])('%j workgroups cannot run', async (workgroups) => {
    const device = await testDevice();
    const x = device.tensor([1]);
    const dispatch = { kernel: shiftKernel, constants: { CONSTANT: 1 }, reads: { x }, writes: { y: x }, flops: 0 };
    const [a, b = 1, c = 1] = workgroups;
    expect(() => device.dispatch({ ...dispatch, workgroups: workgroups as [number] })).toThrow(
      `test/shift.wgsl: workgroups must be 1 to 65535 in each dimension, got [${[a, b, c]}]`,
    );
  });

  test.each([[[0]], [[2, -1]], [[1.5]], [[Number.NaN]]])('%j is no shape', async (shape) => {
    const device = await testDevice();
    expect(() => device.tensor(shape)).toThrow(`tensor(): extents must be whole numbers above 0, got [${shape}]`);
  });
});
