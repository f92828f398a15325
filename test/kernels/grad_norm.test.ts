import { expect, test } from 'vitest';
import { clip, gradNorm } from '../../kernels/grad_norm/launch.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { normal, relativeError, upload } from '../support/op.ts';

for (const length of [1, 3, 64, 65, 256, 260, 4099, 65536, 700_001]) {
  test(`gradNorm of ${length} elements`, async () => {
    const device = await testDevice();
    const gradient = normal([length], new Random(length));
    const want = Math.sqrt(gradient.data.reduce((sum, g) => sum + g * g, 0));
    const norm = device.tensor([1]);
    device.tidy(() => gradNorm(device, { gradient: upload(device, gradient), norm }));
    expect(Math.abs((await device.read(norm))[0] / want - 1)).toBeLessThan(3e-7);
  });
}

test('clip scales down to the largest norm, and leaves a smaller gradient as it is', async () => {
  const device = await testDevice();
  const host = normal([65], new Random(1));
  const length = Math.hypot(...host.data);
  const gradient = upload(device, host);
  const norm = device.upload(Float32Array.of(length), [1]);
  const clipped = device.tensor([65]);
  for (const maxNorm of [0.5, 2 * length]) {
    clip(device, { gradient, norm, maxNorm, clipped });
    const scale = Math.min(1, maxNorm / (length + 1e-6));
    const want = host.data.map((g) => scale * g);
    expect(relativeError(await device.read(clipped), want)).toBeLessThan(1e-6);
  }
});
