import { reference as activation } from '../../kernels/activation/reference.ts';
import { referenceWith as batchNorm } from '../../kernels/batch_norm/reference.ts';
import { HostArray, type Reference } from '../../kernels/common/reference.ts';
import { reference as conv3x3 } from '../../kernels/conv3x3/reference.ts';
import { reference as crossEntropy } from '../../kernels/cross_entropy/reference.ts';
import { reference as depthwise } from '../../kernels/depthwise/reference.ts';
import { reference as dropout } from '../../kernels/dropout/reference.ts';
import { reference as add } from '../../kernels/elementwise/reference.ts';
import { reference as fuse } from '../../kernels/fuse/reference.ts';
import { reference as globalAvgPool } from '../../kernels/global_avg_pool/reference.ts';
import { reference as grey } from '../../kernels/grey/reference.ts';
import { reference as linear } from '../../kernels/linear/reference.ts';
import { reference as maxPool } from '../../kernels/max_pool/reference.ts';
import { reference as pointwise } from '../../kernels/pointwise/reference.ts';
import { reference as squeezeExcite } from '../../kernels/squeeze_excite/reference.ts';
import type { Inputs, Op } from '../autograd/op.ts';
import { fusionFormulas } from '../autograd/ops/fuse.ts';
import * as ops from '../autograd/ops/index.ts';
import { Tape } from '../autograd/tape.ts';
import { Random } from '../data/random.ts';
import type { Device } from '../runtime/device.ts';
import { type Shape, sizeOf } from '../runtime/tensor.ts';
import { type Check, dot, relativeError } from './self_test.ts';

/** Of the references' finite differences. */
const STEP = 1e-6;

/**
 * An op's output against its float64 reference, and its gradients, along a random direction, against differences of it.
 * @param variant tells it from other checks of the op
 * @param attrs of the reference
 * @param onDevice those that the op has as tensors
 */
function opCheck<In extends Inputs, Attrs, HostAttrs, Saved>(
  op: Op<In, Attrs, Saved>,
  reference: Reference<string, HostAttrs>,
  variant: string,
  shapes: Record<string, Shape>,
  attrs: HostAttrs,
  onDevice?: (device: Device) => Partial<Attrs>,
): Check {
  return {
    name: variant ? `${op.name}, ${variant}` : op.name,
    tolerance: 1e-3,
    async prepare(device) {
      const random = new Random(1);
      const names = Object.keys(shapes);
      const inputs = Object.fromEntries(names.map((name) => [name, normal(shapes[name], random)]));
      const want = reference(inputs, attrs);
      const dy = normal(want.shape, random);
      const upload = ({ shape, data }: HostArray) => device.upload(Float32Array.from(data), shape);
      const tensors = Object.fromEntries(names.map((name) => [name, upload(inputs[name])]));
      const upstream = upload(dy);
      const given = { ...attrs, ...onDevice?.(device) } as unknown as Attrs;
      const recording = await device.record(() => {
        const tape = new Tape(device);
        for (const name of names) tape.watch(tensors[name]);
        const y = tape.run(op, tensors as unknown as In, given);
        const gradients = tape.backward(y, upstream);
        return [y, ...names.map((name) => gradients.get(tensors[name])!)];
      });
      const along = (name: string, direction: Float64Array, step: number) => {
        const { shape, data } = inputs[name];
        const moved = new HostArray(
          shape,
          data.map((value, i) => value + step * direction[i]),
        );
        return dot(reference({ ...inputs, [name]: moved }, attrs).data, dy.data);
      };
      const error = async () => {
        const [y, ...gradients] = recording.result;
        const errors = [relativeError(await device.read(y), want.data)];
        for (const [i, name] of names.entries()) {
          const gradient = await device.read(gradients[i]);
          const direction = Float64Array.from(gradient, () => (random.uniform() < 0.5 ? -1 : 1));
          const slope = (along(name, direction, STEP) - along(name, direction, -STEP)) / (2 * STEP);
          errors.push(Math.abs(dot(gradient, direction) - slope) / Math.sqrt(dot(gradient, gradient)));
        }
        return Math.max(...errors);
      };
      return { recording, error };
    },
  };
}

const normal = (shape: Shape, random: Random) =>
  new HostArray(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random.normal())),
  );

const CHANNELS = 4;
const RATES = { momentum: 0.1, eps: 1e-5 };
const TARGETS = [3, 1, 4, 0, 2];
const SEED = [5, 6] as const;
const PLANES = { x: [2, 5, 6, 8] };
const EXCITE = { reduceWeight: [2, 8, 1, 1], reduceBias: [2], expandWeight: [8, 2, 1, 1], expandBias: [8] };

/** Running statistics as a ParameterSet lays them: in one storage, at multiples of 256 bytes, the mean first. */
function running(device: Device) {
  const both = device.upload(new Float32Array(64 + CHANNELS).fill(1, 64), [64 + CHANNELS]);
  return { mean: { ...both, shape: [CHANNELS] }, variance: { ...both, offset: 256, shape: [CHANNELS] } };
}

function batchNormCheck(training: boolean, activation: 'none' | 'gelu' | 'silu'): Check {
  const constant = (value: number) => new HostArray([CHANNELS], new Float64Array(CHANNELS).fill(value));
  const reference = batchNorm(training ? undefined : { mean: constant(0), variance: constant(1) });
  const shapes = { x: [3, CHANNELS, 6, 8], gamma: [CHANNELS], beta: [CHANNELS] };
  const variant = `${training ? 'training' : 'evaluation'}, ${activation}`;
  const attrs = { training, activation, ...RATES };
  return opCheck(ops.batchNorm, reference, variant, shapes, attrs, (device) => ({ running: running(device) }));
}

/** Every op by itself, on small numbers. */
export const opChecks: readonly Check[] = [
  ...(['gelu', 'silu', 'sigmoid', 'hard_sigmoid'] as const).map((kind) =>
    opCheck(ops.activation, activation, kind, { x: [3, 50] }, { kind }),
  ),
  opCheck(ops.add, add, '', { a: [7, 9], b: [7, 9] }, {}),
  ...(['none', 'gelu', 'silu'] as const).map((activation) => batchNormCheck(true, activation)),
  batchNormCheck(false, 'gelu'),
  ...([1, 2] as const).flatMap((stride) => [
    opCheck(ops.conv3x3, conv3x3, `stride ${stride}`, { ...PLANES, weight: [6, 5, 3, 3], bias: [6] }, { stride }),
    opCheck(ops.depthwise, depthwise, `stride ${stride}`, { ...PLANES, weight: [5, 1, 3, 3] }, { stride }),
    opCheck(ops.pointwise, pointwise, `stride ${stride}`, { ...PLANES, weight: [7, 5, 1, 1], bias: [7] }, { stride }),
  ]),
  opCheck(
    ops.crossEntropy,
    crossEntropy,
    '',
    { logits: [TARGETS.length, 6] },
    { targets: TARGETS, labelSmoothing: 0.1 },
    (device) => ({ targets: device.upload(Int32Array.from(TARGETS), [TARGETS.length], 'i32') }),
  ),
  opCheck(ops.dropout, dropout, '', { x: [4, 30] }, { p: 0.3, stream: 1, seed: SEED }, (device) => ({
    seed: device.upload(Uint32Array.from(SEED), [SEED.length], 'u32'),
  })),
  ...fusionFormulas.map((formula) =>
    opCheck(ops.fuse, fuse, formula, { yang: [2, 3, 5, 4], yin: [2, 3, 5, 4] }, { formula }),
  ),
  opCheck(ops.globalAvgPool, globalAvgPool, '', PLANES, {}),
  ...(['mean', 'first'] as const).map((mode) => opCheck(ops.grey, grey, mode, { x: [2, 3, 4, 6] }, { mode })),
  opCheck(ops.linear, linear, '', { x: [5, 9], weight: [6, 9], bias: [6] }, {}),
  opCheck(ops.maxPool, maxPool, '', { x: [2, 3, 6, 16] }, {}),
  opCheck(
    ops.squeezeExcite,
    squeezeExcite,
    '',
    { x: [2, 8, 4, 4], ...EXCITE },
    { activation: 'gelu', gate: 'sigmoid' },
  ),
];
