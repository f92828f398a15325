import { expect, test } from 'vitest';
import { HostArray, type Reference } from '../../kernels/common/reference.ts';
import { gradcheck } from '../../src/autograd/gradcheck.ts';
import type { Inputs, Op } from '../../src/autograd/op.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { Random } from '../../src/data/random.ts';
import type { Device } from '../../src/runtime/device.ts';
import { type Shape, sizeOf, type Tensor } from '../../src/runtime/tensor.ts';
import { testDevice } from './device.ts';

/** One case of an op: its inputs (a shape is filled with normal numbers) and its attributes, as the reference has them. */
export interface OpCase<HostAttrs> {
  readonly inputs: Record<string, Shape | HostArray>;
  readonly attrs: HostAttrs;
  /** Step of the finite differences on the device; small where the function has kinks. */
  readonly eps?: number;
}

export const normal = (shape: Shape, random: Random) =>
  new HostArray(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random.normal())),
  );

/** ‖got − want‖ / ‖want‖, with a floor for values that are zero. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < want.length; i++) {
    difference += (got[i] - want[i]) ** 2;
    norm += want[i] ** 2;
  }
  return Math.sqrt(difference) / Math.max(Math.sqrt(norm), 1e-2 * Math.sqrt(want.length));
}

export const upload = (device: Device, { shape, data }: HostArray) => device.upload(Float32Array.from(data), shape);

/**
 * The tests of an op, three for each case: its output against the float64 reference, its gradients against central
 * differences of that reference, and `gradcheck` on the device itself.
 *
 * @param attrsOn makes the op's attributes, if some of them are tensors
 */
export function testOp<In extends Inputs, Attrs, Saved, HostAttrs = Attrs>(
  op: Op<In, Attrs, Saved>,
  reference: Reference<string, HostAttrs>,
  cases: Record<string, OpCase<HostAttrs>>,
  attrsOn = (_device: Device, attrs: HostAttrs) => attrs as unknown as Attrs,
): void {
  for (const [name, { inputs: given, attrs, eps }] of Object.entries(cases)) {
    const random = new Random(7);
    const inputs = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [
        key,
        value instanceof HostArray ? value : normal(value as Shape, random),
      ]),
    );
    const run = (tape: Tape, tensors: Record<string, Tensor>) =>
      tape.run(op, tensors as unknown as In, attrsOn(tape.device, attrs));

    test(`${op.name} ${name}: output and gradients agree with float64`, async () => {
      const device = await testDevice();
      const want = reference(inputs, attrs);
      const upstream = normal(want.shape, random);
      const tensors = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, upload(device, value)]));
      const { y, gradients } = device.tidy(() => {
        const tape = new Tape(device);
        for (const tensor of Object.values(tensors)) tape.watch(tensor);
        const y = run(tape, tensors);
        return { y, gradients: [...tape.backward(y, upload(device, upstream))] };
      });
      expect(y.shape).toEqual(want.shape);
      expect(relativeError(await device.read(y), want.data)).toBeLessThan(1e-5);

      const step = 1e-6;
      const project = (key: string, direction: Float64Array, scale: number) => {
        const moved = new HostArray(
          inputs[key].shape,
          inputs[key].data.map((v, i) => v + scale * direction[i]),
        );
        return reference({ ...inputs, [key]: moved }, attrs).data.reduce((sum, v, i) => sum + v * upstream.data[i], 0);
      };
      for (const key of Object.keys(inputs)) {
        const gradient = await device.read(gradients.find(([leaf]) => leaf === tensors[key])![1]);
        for (let d = 0; d < 3; d++) {
          const direction = Float64Array.from(gradient, () => (random.uniform() < 0.5 ? -1 : 1));
          const numeric = (project(key, direction, step) - project(key, direction, -step)) / (2 * step);
          const analytic = gradient.reduce((sum, v, i) => sum + v * direction[i], 0);
          const error = Math.abs(analytic - numeric) / Math.max(Math.hypot(...gradient), 1e-3);
          expect(error, `gradient of ${key}`).toBeLessThan(1e-4);
        }
      }
    });

    test(`${op.name} ${name}: gradcheck`, async () => {
      const device = await testDevice();
      const tensors = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, upload(device, value)]));
      await gradcheck(device, run, tensors, { eps });
    });
  }
}
