import { describe, expect, test } from 'vitest';
import { openNodeDevice, requestNodeAdapter } from '../../src/runtime/node.ts';
import { type Tensor, view } from '../../src/runtime/tensor.ts';
import { openDevice, testDevice } from '../support/device.ts';
import { shifted } from '../support/kernel.ts';

const numbers = (...values: number[]) => Float32Array.from(values);

describe('views', () => {
  test('see a part of a tensor, and views of views a part of that', async () => {
    const device = await testDevice();
    const x = device.upload(
      Float32Array.from({ length: 192 }, (_, i) => i),
      [192],
    );
    const part = view(x, 256, [128]);
    expect(await device.read(view(part, 256, [2, 2]))).toEqual(numbers(128, 129, 130, 131));
    device.write(view(part, 256, [1]), numbers(-1));
    expect((await device.read(x))[128]).toBe(-1);
  });

  test.each<[number, number[], string]>([
    [4, [1], 'view(): the offset must be a multiple of 256, got 4'],
    [256, [129], "view(): the part must lie in the tensor's 768 bytes, got bytes 256 to 772"],
    [-256, [1], "view(): the part must lie in the tensor's 768 bytes, got bytes -256 to -252"],
  ])('must lie in the tensor: %i, %o', async (offset, shape, message) => {
    const device = await testDevice();
    expect(() => view(device.tensor([192]), offset, shape)).toThrow(message);
  });

  test('take whole words, or writing them would change what follows', async () => {
    const device = await testDevice();
    const bytes = device.upload(Uint8Array.of(1, 2, 3, 4, 5, 6), [6]);
    expect(() => view(bytes, 0, [3])).toThrow('must take whole words, got 3 bytes');
    expect(await device.read(view(bytes, 0, [4]))).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  test('do not own memory, so they cannot be released', async () => {
    const device = await testDevice();
    const x = device.tensor([64, 2]);
    for (const part of [view(x, 0, [64, 2]), view(x, 256, [64]), { ...x, shape: [64] }]) {
      expect(() => device.release(part)).toThrow('release(): a view does not own its memory');
    }
    expect(x.storage.released).toBeUndefined();
    device.release({ ...x, shape: [128] });
    expect(x.storage.released).toBe(true);
  });
});

test('constants of the same numbers share their memory, also those of a recording, and stay', async () => {
  const device = await openDevice();
  const constant = device.constant([3, 1, 2]);
  const recording = await device.record(() => {
    const again = device.constant([3, 1, 2]);
    expect(again.storage.buffer).toBe(constant.storage.buffer);
    return { other: device.constant([3, 1]) };
  });
  expect(await device.read(recording.result.other)).toEqual(Uint32Array.of(3, 1));
  recording.dispose();
  expect(await device.read(constant)).toEqual(Uint32Array.of(3, 1, 2));
  expect(await device.read(device.constant([3, 1]))).toEqual(Uint32Array.of(3, 1));
  expect(() => device.release(constant)).toThrow('release(): a view does not own its memory');
  expect(device.memory.inUse).toBe(0);
});

describe('a recording', () => {
  test('leaves memory as it was when it is disposed of', async () => {
    const device = await openDevice();
    const x = device.upload(numbers(1, 2), [2]);
    const record = (length: number) =>
      device.record(() => {
        let y = device.tensor([length]);
        for (let i = 0; i < 4; i++) y = shifted(device, y);
        return { y, x: shifted(device, x), unwritten: device.tensor([5]) };
      });
    await device.flush();
    const { inUse } = device.memory;
    const first = await record(1000);
    const withFirst = device.memory.inUse;
    expect(withFirst).toBeGreaterThan(inUse);
    const second = await record(2000);
    first.dispose();
    first.dispose();
    second.run();
    expect(await device.read(second.result.x)).toEqual(numbers(2, 3));
    await device.read(second.result.unwritten);
    second.dispose();
    expect(device.memory.inUse).toBe(inUse);
    const { reserved } = device.memory;
    for (let i = 0; i < 50; i++) (await record(1000 + (i % 2) * 1000)).dispose();
    expect(device.memory.inUse).toBe(inUse);
    expect(device.memory.reserved).toBe(reserved);
    device.destroy();
  });

  test('that was disposed of cannot be used', async () => {
    const device = await testDevice();
    const x = device.upload(numbers(1), [1]);
    const recording = await device.record(() => shifted(device, x));
    recording[Symbol.dispose]();
    expect(() => recording.run()).toThrow('run(): the recording was disposed of before this use');
    await expect(device.read(recording.result)).rejects.toThrow('read(): the tensor was released before this use');
  });

  test('that was disposed of while its run waited still runs', async () => {
    const device = await testDevice();
    const x = device.upload(numbers(1), [1]);
    const total = device.upload(numbers(0), [1]);
    const recording = await device.record(() => {
      const y = shifted(device, shifted(device, x));
      device.dispatch({
        kernel: {
          path: 'test/add_to.wgsl',
          text: `@group(0) @binding(0) var<storage, read> y: array<f32>;
            @group(0) @binding(1) var<storage, read_write> total: array<f32>;
            @compute @workgroup_size(1) fn main() { total[0] += y[0]; }`,
        },
        ...{ constants: {}, reads: { y }, writes: { total }, workgroups: [1], flops: 0 },
      });
    });
    shifted(device, x); // the run waits behind it
    recording.run();
    recording.dispose();
    device.upload(new Float32Array(1), [1]); // may take the buffer of a temporary
    expect(await device.read(total)).toEqual(numbers(3));
  });

  test('owns its tensors: neither results nor temporaries can be released, and temporaries not be used', async () => {
    const device = await testDevice();
    const x = device.upload(numbers(1), [1]);
    let temporary: Tensor | undefined;
    const recording = await device.record(() => {
      temporary = shifted(device, x);
      device.release(temporary); // memory is shared by lifetimes anyway
      return shifted(device, temporary);
    });
    for (const tensor of [recording.result, temporary!]) {
      expect(() => device.release(tensor)).toThrow('release(): a recording owns its tensors');
    }
    const message = 'is a temporary of a recording: return it from the recorded function to use it';
    expect(() => shifted(device, temporary!)).toThrow(`test/shift.wgsl: tensor 'x' ${message}`);
    expect(() => device.write(temporary!, numbers(1))).toThrow(`write(): the tensor ${message}`);
    await expect(device.read(temporary!)).rejects.toThrow(`read(): the tensor ${message}`);
    recording.run();
    expect(await device.read(recording.result)).toEqual(numbers(3));
  });

  test('does not run without its inputs', async () => {
    const device = await testDevice();
    const x = device.upload(numbers(1), [1]);
    const first = await device.record(() => shifted(device, x));
    const second = await device.record(() => shifted(device, first.result));
    first.dispose();
    expect(() => second.run()).toThrow('run(): a tensor that the recording uses was released before this use');
    const third = await device.record(() => shifted(device, x));
    device.release(x);
    expect(() => third.run()).toThrow('run(): a tensor that the recording uses was released before this use');
  });

  test('cannot release what was made before it', async () => {
    const device = await testDevice();
    const x = device.tensor([1]);
    await expect(device.record(() => device.release(x))).rejects.toThrow(
      'release(): not possible in a recorded function, a tensor made before cannot be released in it',
    );
  });
});

test('a device that was destroyed is collected', async () => {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const openAndDestroy = async () => {
    const device = await openNodeDevice(await requestNodeAdapter());
    const x = device.upload(numbers(1), [1]);
    const recording = await device.record(() => shifted(device, x));
    recording.run();
    await device.read(recording.result);
    device.destroy();
    return new WeakRef(device);
  };
  const device = await openAndDestroy();
  for (let i = 0; i < 50 && device.deref(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    gc();
  }
  expect(device.deref()).toBeUndefined();
});
