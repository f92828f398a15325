import { describe, expect, test } from 'vitest';
import * as elementwise from '../../kernels/elementwise/launch.ts';
import { Device } from '../../src/runtime/device.ts';
import { GpuError, MemoryError, ShaderError } from '../../src/runtime/errors.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';
import { reshape, type Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from '../support/device.ts';

const count = (n: number) => Float32Array.from({ length: n }, (_, i) => i + 1);

/** y = x + CONSTANT; a constant no test has used makes a kernel that is yet to be compiled. */
const shiftKernel = {
  path: 'test/shift.wgsl',
  text: `@group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(1)
    fn main(@builtin(workgroup_id) id: vec3u) {
      y[id.x] = x[id.x] + CONSTANT;
    }`,
};

let unused = 1000;
function shift(device: Device, x: Tensor, y: Tensor, constant = unused++): number {
  device.dispatch({
    kernel: shiftKernel,
    constants: { CONSTANT: constant },
    reads: { x },
    writes: { y },
    workgroups: [x.shape[0]],
    flops: x.shape[0],
  });
  return constant;
}

describe('tensors go to the device and back', () => {
  test.each([1, 3, 4, 255, 1001])('%i floats, integers and halves', async (n) => {
    const device = await testDevice();
    const floats = count(n);
    expect(await device.read(device.upload(floats, [n]))).toEqual(floats);
    const integers = Int32Array.from(floats, (value) => -value);
    expect(new Int32Array(await device.readBytes(device.upload(integers, [n], 'i32')))).toEqual(integers);
    const halves = Uint16Array.from(floats);
    expect(new Uint16Array(await device.readBytes(device.upload(halves, [n], 'f16')))).toEqual(halves);
  });

  test.each([1, 2, 3, 5, 1023])('%i bytes', async (n) => {
    const device = await testDevice();
    const bytes = Uint8Array.from({ length: n }, (_, i) => 255 - i);
    expect(new Uint8Array(await device.readBytes(device.upload(bytes, [n], 'u8')))).toEqual(bytes);
  });

  test('a part of a larger array', async () => {
    const device = await testDevice();
    expect(await device.read(device.upload(count(10).subarray(3, 6), [3]))).toEqual(Float32Array.of(4, 5, 6));
  });

  test('under another shape, and from an offset', async () => {
    const device = await testDevice();
    const x = device.upload(count(128), [128]);
    expect(await device.read(reshape(x, [2, 64]))).toEqual(count(128));
    const second = { ...x, offset: 256, shape: [64] };
    expect(await device.read(second)).toEqual(count(128).subarray(64));
    device.write(second, count(64));
    expect((await device.read(x)).subarray(64)).toEqual(count(64));
  });

  test('data of another length is refused', async () => {
    const device = await testDevice();
    expect(() => device.upload(count(5), [2, 2])).toThrow('write(): [2,2] must get 16 bytes, got 20');
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
    await device.finish();
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
      "kernels/elementwise/add.wgsl: tensor 'b' was released before this use",
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

  test("what the GPU refuses is thrown in the implementation's words", async () => {
    const device = await Device.open(await requestNodeAdapter());
    const x = device.tensor([70_000]);
    const y = device.tensor([70_000]);
    shift(device, x, y);
    const failure = await device.read(y).catch((error) => error);
    expect(failure).toBeInstanceOf(GpuError);
    expect(failure.message).toMatch(/70000.*exceeds.*65535/);
    device.destroy();
  });

  test('a device that is gone says so', async () => {
    const device = await Device.open(await requestNodeAdapter());
    const x = device.upload(count(4), [4]);
    device.destroy();
    await expect(device.read(x)).rejects.toThrow(GpuError);
  });
});
