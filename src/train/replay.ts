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

/** An op that ran on a tape. */
interface OpRun {
  readonly op: Op<Inputs, unknown>;
  readonly inputs: Inputs;
  readonly attrs: unknown;
  readonly y: Tensor;
}

/** A tape that lists the ops that run on it. */
export class ListingTape extends Tape {
  readonly runs: OpRun[] = [];

  override run<In extends Inputs, Attrs, Saved>(op: Op<In, Attrs, Saved>, inputs: In, attrs: Attrs): Tensor {
    const y = super.run(op, inputs, attrs);
    this.runs.push({ op: op as unknown as Op<Inputs, unknown>, inputs, attrs, y });
    return y;
  }
}

/** By the names of their ops. */
const references: Readonly<Record<string, Reference<string, unknown> | undefined>> = {
  conv3x3: conv3x3 as Reference<string, unknown>,
  depthwise: depthwise as Reference<string, unknown>,
  pointwise: pointwise as Reference<string, unknown>,
};

/** Floating-point operations, forward and backward, up to which a float64 reference is worth waiting for. */
const SMALL = 2e7;

/** What is replayed: an op's output and its gradients. */
export type Replayed = Recording<readonly Tensor[]>;

/** An op that ran once, to be run again by itself, forward and backward, on random numbers. */
export class Replay {
  private readonly numbers: ReadonlyMap<string, HostArray>;
  private readonly inputs: Readonly<Record<string, Tensor>>;
  private readonly dy: Tensor;
  private results: readonly Tensor[] = [];

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
    const given = Object.entries(run.inputs).filter(([, tensor]) => tensor);
    this.numbers = new Map(given.map(([name, tensor]) => [name, draw(tensor!.shape)]));
    this.inputs = Object.fromEntries([...this.numbers].map(([name, array]) => [name, upload(array)]));
    this.dy = upload(draw(run.y.shape));
  }

  /** Records the op with the tiles that the device's tuning gives now. What former recordings gave is forgotten. */
  async record(): Promise<Replayed> {
    const { device, inputs, dy } = this;
    const { op, attrs } = this.run;
    this.forget();
    const recording = await device.record(() => {
      const tape = new Tape(device);
      for (const input of Object.values(inputs)) tape.watch(input);
      const y = tape.run(op, inputs, attrs);
      const gradients = tape.backward(y, dy);
      return [y, ...Object.values(inputs).map((input) => gradients.get(input)!)];
    });
    this.results = recording.result.filter((tensor) => tensor !== dy);
    return recording;
  }

  /** Runs the latest recording, which compiles all of it, and reads its output and gradients. */
  async outputs(recording: Replayed): Promise<Float32Array[]> {
    recording.run();
    const outputs: Float32Array[] = [];
    for (const tensor of recording.result) outputs.push(await this.device.read(tensor));
    return outputs;
  }

  /** What a right recording gives: what `usual` gave, but the output in float64 where that is cheap to have. */
  wanted({ cost }: Replayed, usual: readonly Float32Array[]): ArrayLike<number>[] {
    const reference = cost.flops <= SMALL ? references[this.run.op.name] : undefined;
    const [y, ...gradients] = usual;
    return [reference ? reference(Object.fromEntries(this.numbers), this.run.attrs).data : y, ...gradients];
  }

  /** Gives its memory back. */
  release(): void {
    this.forget();
    for (const tensor of [...Object.values(this.inputs), this.dy]) this.device.release(tensor);
  }

  private forget(): void {
    for (const tensor of this.results) this.device.release(tensor);
  }
}

/** ‖a − b‖, where no b is zero. */
function distance(a: ArrayLike<number>, b?: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - (b ? b[i] : 0)) ** 2;
  return Math.sqrt(sum);
}

/**
 * Whether outputs agree to 1e-4, each relative to the largest of its length: some gradients are zero but for rounding.
 */
export function agree(got: readonly ArrayLike<number>[], want: readonly ArrayLike<number>[]): boolean {
  return want.every((values, i) => {
    const scale = Math.max(...want.filter(({ length }) => length === values.length).map((others) => distance(others)));
    return distance(got[i], values) <= 1e-4 * scale;
  });
}
