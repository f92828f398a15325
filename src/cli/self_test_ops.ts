import { HostArray } from '../../kernels/common/reference.ts';
import { attrsOf, drawInputs, nameOf, normal, type OpCase, type OpRow } from '../autograd/op_row.ts';
import { rows } from '../autograd/registry.ts';
import { Tape } from '../autograd/tape.ts';
import { Random } from '../data/random.ts';
import { type Check, dot, relativeError } from './self_test.ts';

/** Step of the finite differences of the references. */
const STEP = 1e-6;

/** A gradient below this share of the largest one is zero but for rounding, such as that of a bias before a batch norm. */
const SMALLEST = 1e-2;

/**
 * Compares an op's output to its float64 reference, and its gradients along a random direction to finite differences of the
 * reference.
 */
function opCheck(row: OpRow, given: OpCase): Check {
  const { op, reference } = row;
  return {
    name: nameOf(row, given),
    tolerance: 1e-3,
    async prepare(device) {
      const random = new Random(1);
      const inputs = drawInputs(row, given, random);
      const names = Object.keys(inputs);
      const expected = reference(inputs, given.attrs);
      const dy = normal(expected.shape, random);
      const upload = ({ shape, data }: HostArray) => device.upload(Float32Array.from(data), shape);
      const tensors = Object.fromEntries(names.map((name) => [name, upload(inputs[name])]));
      const dyTensor = upload(dy);
      const attrs = attrsOf(row, given, (data, shape) => device.upload(data, shape));
      const recording = await device.record(() => {
        const tape = new Tape(device);
        if (op.backward) for (const name of names) tape.watch(tensors[name]);
        const y = tape.run(op, tensors, attrs);
        const gradients = op.backward && tape.backward(y, dyTensor);
        return { y, gradients: names.flatMap((name) => gradients?.get(tensors[name]) ?? []) };
      });
      const objectiveAt = (name: string, direction: Float64Array, step: number) => {
        const { shape, data } = inputs[name];
        const shifted = new HostArray(
          shape,
          data.map((value, i) => value + step * direction[i]),
        );
        return dot(reference({ ...inputs, [name]: shifted }, given.attrs).data, dy.data);
      };
      const error = async () => {
        const { y, gradients } = recording.result;
        const errors = [relativeError(await device.read(y), expected.data)];
        const values = await Promise.all(gradients.map((gradient) => device.read(gradient)));
        const norms = values.map((gradient) => Math.sqrt(dot(gradient, gradient)));
        const smallest = SMALLEST * Math.max(...norms);
        for (const [i, gradient] of values.entries()) {
          const direction = Float64Array.from(gradient, () => (random.uniform() < 0.5 ? -1 : 1));
          const change = objectiveAt(names[i], direction, STEP) - objectiveAt(names[i], direction, -STEP);
          const slope = change / (2 * STEP);
          errors.push(Math.abs(dot(gradient, direction) - slope) / Math.max(norms[i], smallest));
        }
        return Math.max(...errors);
      };
      return { recording, error };
    },
  };
}

/** Checks each op by itself on small tensors. */
export const opChecks: readonly Check[] = rows.flatMap((row) => row.cases.map((given) => opCheck(row, given)));
