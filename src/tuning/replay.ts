import { HostArray, type Reference } from '../../kernels/common/reference.ts';
import { reference as conv3x3 } from '../../kernels/conv3x3/reference.ts';
import { reference as depthwise } from '../../kernels/depthwise/reference.ts';
import { reference as pointwise } from '../../kernels/pointwise/reference.ts';
import type { Inputs, Op } from '../autograd/op.ts';
import { Tape } from '../autograd/tape.ts';
import { Random } from '../data/random.ts';
import type { Device } from '../runtime/device.ts';
import type { Recording } from '../runtime/recording.ts';
import { type Shape, sizeOf, type Tensor } from '../runtime/tensor.ts';

/** One call of Tape.run(): the op, its arguments and its output. */
interface OpRun {
  readonly op: Op<Inputs, unknown>;
  readonly inputs: Inputs;
  readonly attrs: unknown;
  readonly y: Tensor;
}

/** A tape that records each op that runs on it. */
export class RecordingTape extends Tape {
  readonly runs: OpRun[] = [];

  override run<In extends Inputs, Attrs, Saved>(op: Op<In, Attrs, Saved>, inputs: In, attrs: Attrs): Tensor {
    const y = super.run(op, inputs, attrs);
    this.runs.push({ op: op as unknown as Op<Inputs, unknown>, inputs, attrs, y });
    return y;
  }
}

/** Float64 references by op name. */
const REFERENCES: Readonly<Record<string, Reference<string, unknown> | undefined>> = {
  conv3x3: conv3x3 as Reference<string, unknown>,
  depthwise: depthwise as Reference<string, unknown>,
  pointwise: pointwise as Reference<string, unknown>,
};

/** Floating-point operations of an op, forward and backward, up to which its float64 reference is fast enough. */
const REFERENCE_MAX_FLOPS = 2e7;

/** An op, forward and backward; its result is y, then the gradient of each input. */
export type ReplayRecording = Recording<readonly Tensor[]>;

/** Runs one op of a net by itself, forward and backward, on random inputs of the same shapes. */
export class OpReplay {
  private readonly hostInputs: ReadonlyMap<string, HostArray>;
  private readonly inputs: Readonly<Record<string, Tensor>>;
  private readonly dy: Tensor;

  constructor(
    private readonly device: Device,
    private readonly run: OpRun,
  ) {
    const random = new Random(1);
    const draw = (shape: Shape) =>
      new HostArray(
        shape,
        Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(random.uniform(-1, 1))),
      );
    const upload = ({ shape, data }: HostArray) => device.upload(Float32Array.from(data), shape);
    const present = Object.entries(run.inputs).filter(([, tensor]) => tensor);
    this.hostInputs = new Map(present.map(([name, tensor]) => [name, draw(tensor!.shape)]));
    this.inputs = Object.fromEntries([...this.hostInputs].map(([name, array]) => [name, upload(array)]));
    this.dy = upload(draw(run.y.shape));
  }

  /** Records the op with the tiles that the device's tuning chooses now. */
  async record(): Promise<ReplayRecording> {
    const { device, inputs, dy } = this;
    const { op, attrs } = this.run;
    return device.record(() => {
      const tape = new Tape(device);
      for (const input of Object.values(inputs)) tape.watch(input);
      const y = tape.run(op, inputs, attrs);
      const gradients = tape.backward(y, dy);
      return [y, ...Object.values(inputs).map((input) => gradients.get(input)!)];
    });
  }

  /** Runs the latest recording and reads y and the gradients. The run also compiles its kernels, so timing can follow. */
  async outputs(recording: ReplayRecording): Promise<Float32Array[]> {
    recording.run();
    const outputs: Float32Array[] = [];
    for (const tensor of recording.result) outputs.push(await this.device.read(tensor));
    return outputs;
  }

  /** Returns the expected outputs: `baseline`, with y from the float64 reference if there is one and it is fast. */
  expected({ cost }: ReplayRecording, baseline: readonly Float32Array[]): ArrayLike<number>[] {
    const reference = cost.flops <= REFERENCE_MAX_FLOPS ? REFERENCES[this.run.op.name] : undefined;
    const [y, ...gradients] = baseline;
    return [reference ? reference(Object.fromEntries(this.hostInputs), this.run.attrs).data : y, ...gradients];
  }

  /** Releases the inputs; recordings must be disposed of before. */
  release(): void {
    for (const tensor of [...Object.values(this.inputs), this.dy]) this.device.release(tensor);
  }
}

/** ‖a − b‖, or ‖a‖ without b. */
function distance(a: ArrayLike<number>, b?: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - (b ? b[i] : 0)) ** 2;
  return Math.sqrt(sum);
}

/**
 * Whether each output is within 1e-4 of the expected one. The error is relative to the largest norm among the expected
 * outputs of the same length, because some gradients are zero up to rounding.
 */
export function outputsAgree(got: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): boolean {
  return expected.every((values, i) => {
    const norms = expected.filter(({ length }) => length === values.length).map((output) => distance(output));
    return distance(got[i], values) <= 1e-4 * Math.max(...norms);
  });
}
