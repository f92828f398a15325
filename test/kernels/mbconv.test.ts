import { expect, test } from 'vitest';
import { activationOf } from '../../kernels/activation/table.ts';
import { projectBackwardWeight } from '../../kernels/mbconv/backward.ts';
import { Random } from '../../src/data/random.ts';
import { testDevice } from '../support/device.ts';
import { relativeError } from '../support/op.ts';

/** The projection's gradient by its definition in float64, from the float32 numbers that the kernels read. */
function projectionGradient(
  { dy, p, d, gate }: Record<'dy' | 'p' | 'd' | 'gate', Float32Array>,
  [norm2, norm3]: readonly [Float32Array, Float32Array],
  { n, h, o, plane }: Record<'n' | 'h' | 'o' | 'plane', number>,
): Float64Array {
  const { reference: gelu } = activationOf('gelu');
  const [mean2, invstd2, gamma2, beta2] = norm2;
  const [mean3, invstd3, gamma3] = norm3;
  const pixels = n * plane;
  const dweight = new Float64Array(o * h);
  for (let row = 0; row < o; row++) {
    let dbeta = 0;
    let dgamma = 0;
    for (let i = 0; i < pixels; i++) {
      const at = (Math.floor(i / plane) * o + row) * plane + (i % plane);
      dbeta += dy[at];
      dgamma += dy[at] * (p[at] - mean3) * invstd3;
    }
    for (let i = 0; i < pixels; i++) {
      const image = Math.floor(i / plane);
      const at = (image * o + row) * plane + (i % plane);
      const dp = gamma3 * invstd3 * (dy[at] - dbeta / pixels - (((p[at] - mean3) * invstd3) / pixels) * dgamma);
      for (let c = 0; c < h; c++) {
        const u = gamma2 * (d[(image * h + c) * plane + (i % plane)] - mean2) * invstd2 + beta2;
        dweight[row * h + c] += dp * gate[image * h + c] * gelu(u);
      }
    }
  }
  return dweight;
}

test.each([0, 10, 100])('the projection has its gradient where bn2 adds %i and p is large', async (beta2) => {
  const device = await testDevice();
  const [n, h, o, plane] = [4, 32, 8, 64];
  const random = new Random(8);
  const draw = (size: number, f: (value: number) => number) =>
    Float32Array.from({ length: size }, () => f(random.normal()));
  const norm2 = Float32Array.of(0.5, 2, 1.2, beta2);
  const d = draw(n * h * plane, (v) => 0.5 + 0.5 * v);
  const gate = draw(n * h, (v) => 0.5 + 0.1 * Math.tanh(v));
  // p as positive weights make it of z: its mean is far above its deviation.
  const mean3 = 0.1 * h * (0.6 + beta2);
  const norm3 = Float32Array.of(mean3, 4, 0.8, 0.1);
  const p = draw(n * o * plane, (v) => mean3 + 0.25 * v);
  const dy = draw(n * o * plane, (v) => v);
  const repeated = (norm: Float32Array, times: number) =>
    device.upload(
      Float32Array.from({ length: 4 * times }, (_, i) => norm[i % 4]),
      [times, 4],
    );
  const gradients = { dweight: device.tensor([o, h, 1, 1]), dgamma: device.tensor([o]), dbeta: device.tensor([o]) };
  device.tidy(() => {
    const tensors = {
      ...{ dy: device.upload(dy, [n, o, 8, 8]), p: device.upload(p, [n, o, 8, 8]), d: device.upload(d, [n, h, 8, 8]) },
      ...{ norms2: repeated(norm2, h), norms3: repeated(norm3, o), gate: device.upload(gate, [n, h]) },
    };
    projectBackwardWeight(device, tensors, gradients, 'gelu');
    return gradients;
  });
  const want = projectionGradient({ dy, p, d, gate }, [norm2, norm3], { n, h, o, plane });
  expect(relativeError(await device.read(gradients.dweight), want)).toBeLessThan(1e-5);
});
