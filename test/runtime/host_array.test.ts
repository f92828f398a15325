import { describe, expect, test } from 'vitest';
import { fromHalf, toHalf } from '../../src/runtime/half.ts';
import type { HostArray } from '../../src/runtime/host_array.ts';
import { testDevice } from '../support/device.ts';

describe('f16', () => {
  test('all bits stand for the number that the GPU takes them for', async () => {
    const device = await testDevice();
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const y = device.tensor([65536]);
    const text = `
@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2f>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = unpack2x16float(x[id.x]); }`;
    const x = device.upload(bits, [65536]);
    const kernel = { path: 'test/unpack.wgsl', text };
    device.dispatch({ kernel, constants: {}, reads: { x }, writes: { y }, workgroups: [512], flops: 0 });
    expect(await device.read(y)).toEqual(Float32Array.from(bits, fromHalf));
  });

  test('numbers are rounded to the nearest, ties to even', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      const [here, next] = [fromHalf(bits), bits === 0x7bff ? 65536 : fromHalf(bits + 1)];
      const between = (here + next) / 2;
      expect(toHalf(here)).toBe(bits);
      expect(toHalf(-here)).toBe(bits | 0x8000);
      expect(toHalf(between)).toBe(bits + (bits % 2));
      expect(toHalf(between * (1 - 2 ** -20))).toBe(bits);
      expect(toHalf(between * (1 + 2 ** -20))).toBe(bits + 1);
    }
    expect([1e9, -Number.POSITIVE_INFINITY].map(toHalf)).toEqual([0x7c00, 0xfc00]);
    expect(fromHalf(toHalf(Number.NaN))).toBeNaN();
  });
});

describe('the dtype follows the array', () => {
  test.each<[HostArray, string]>([
    [new Float32Array(1), 'f32'],
    [new Int32Array(1), 'i32'],
    [new Uint32Array(1), 'u32'],
    [new Uint8Array(1), 'u8'],
    [new Uint16Array(1), 'f16'],
  ])('%o is %s', async (data, dtype) => {
    const device = await testDevice();
    const tensor = device.upload(data, [1]);
    expect(tensor.dtype).toBe(dtype);
    expect(await device.read(tensor)).toEqual(dtype === 'f16' ? new Float32Array(1) : data);
    device.write(tensor, data);
  });

  test('a Float32Array is rounded to f16 where that is asked for', async () => {
    const device = await testDevice();
    const x = device.upload(Float32Array.of(1 / 3, 1e6, -2), [3], 'f16');
    expect(await device.read(x)).toEqual(Float32Array.of(0.333251953125, Number.POSITIVE_INFINITY, -2));
    device.write(x, Float32Array.of(1, 2, 3));
    expect(await device.read(x)).toEqual(Float32Array.of(1, 2, 3));
  });

  test('another dtype is refused', async () => {
    const device = await testDevice();
    expect(() => device.upload(new Int32Array(2), [2], 'f32')).toThrow(
      'upload(): a tensor of f32 must get a Float32Array, got Int32Array',
    );
    expect(() => device.upload(new Int32Array(2), [2], 'f16')).toThrow(
      'upload(): a tensor of f16 must get a Float32Array or Uint16Array of bits, got Int32Array',
    );
    expect(() => device.write(device.tensor([2], 'u32'), new Int32Array(2))).toThrow(
      'write(): a tensor of u32 must get a Uint32Array, got Int32Array',
    );
    expect(() => device.upload(new Float64Array(2) as never, [2])).toThrow(
      'upload(): data must be one of Float32Array,Uint16Array,Int32Array,Uint32Array,Uint8Array, got Float64Array',
    );
    expect(() => device.upload([1, 2] as never, [2])).toThrow('got Array');
    expect(() => device.write(device.tensor([2]), new Float32Array(3))).toThrow(
      'write(): [2] must get 2 elements, got 3',
    );
  });
});
