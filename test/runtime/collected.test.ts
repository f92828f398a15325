import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openDevice } from '../support/device.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Opens, uses and destroys a device. Returns a reference that holds neither it nor its GPU. */
async function use(): Promise<WeakRef<GPUDevice>> {
  const device = await openDevice();
  await device.read(device.upload(new Float32Array(4), [4]));
  device.destroy();
  return new WeakRef(device.gpu);
}

test('a destroyed device is collected, with the memory that Dawn holds for it', async () => {
  const references = [await use(), await use(), await use()];
  for (let i = 0; i < 50 && references.some((reference) => reference.deref()); i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
  expect(references.map((reference) => reference.deref())).toEqual([undefined, undefined, undefined]);
});
