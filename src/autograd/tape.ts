import * as elementwise from '../../kernels/elementwise/launch.ts';
import { merge, type PartialSums } from '../../kernels/reduce/launch.ts';
import type { Device } from '../runtime/device.ts';
import { type Shape, size, type Tensor } from '../runtime/tensor.ts';
import type { GradientSlot, Inputs, Op } from './op.ts';
import { requireLike, requireThat } from './requirements.ts';
import { Room } from './room.ts';

/** An op that ran, as its backward pass needs it. */
interface Node {
  readonly op: Op<Inputs, unknown>;
  readonly inputs: Inputs;
  readonly attrs: unknown;
  readonly saved: unknown;
  readonly y: Tensor;
}

/** Records the ops that run on it, to run them backward. One tape serves one forward and one backward pass. */
export class Tape {
  private readonly nodes: Node[] = [];
  /** The watched tensors, and all that depend on them. */
  private readonly tracked = new Set<Tensor>();
  /** The watched tensors, and where their gradients must be written, if the caller asked for it. */
  private readonly destinations = new Map<Tensor, Tensor | undefined>();
  /** Moments that ops returned, by the op's output, with the buffer that they were in. */
  private readonly moments = new Map<Tensor, { moments: Tensor; buffer?: GPUBuffer }>();
  private readonly partials: Room;
  private isBackwardDone = false;

  constructor(readonly device: Device) {
    this.partials = new Room(device);
  }

  /** Asks for the gradient of a tensor, to be written into `gradient` where one is given. */
  watch(tensor: Tensor, gradient?: Tensor): Tensor {
    this.tracked.add(tensor);
    this.destinations.set(tensor, gradient);
    return tensor;
  }

  /** Runs an op and returns its output. The op is recorded if an input is watched or depends on a watched tensor. */
  run<In extends Inputs, Attrs, Saved>(op: Op<In, Attrs, Saved>, inputs: In, attrs: Attrs): Tensor {
    const { y, saved, moments } = op.forward(this.device, inputs, attrs, this);
    if (moments) this.moments.set(y, { moments, buffer: moments.storage.buffer });
    if (Object.values(inputs).some((input) => input && this.tracked.has(input))) {
      this.tracked.add(y);
      this.nodes.push({ op: op as unknown as Op<Inputs, unknown>, inputs, attrs, saved, y });
    }
    return y;
  }

  /** See `ForwardContext`. */
  takeMoments(x: Tensor): Tensor | undefined {
    const found = this.moments.get(x);
    if (!found) return undefined;
    this.moments.delete(x);
    const { moments, buffer } = found;
    // A `tidy` that ended has released them. A recording that ended lends their buffer to other tensors.
    return moments.storage.released || moments.storage.buffer !== buffer ? undefined : moments;
  }

  /**
   * Returns the gradients of Σ dy·y with respect to all watched tensors that y depends on.
   * @param dy the gradient of y, of y's shape and data type; 1 if missing, for a y of one element
   */
  backward(y: Tensor, dy?: Tensor): Map<Tensor, Tensor> {
    const name = 'tape.backward()';
    requireThat(!this.isBackwardDone, name, 'a tape runs backward once', 'a second call');
    requireThat(this.tracked.has(y), name, 'y must depend on a watched tensor', `a [${y.shape}] that does not`);
    if (dy) requireLike(name, 'dy', dy, y);
    else requireThat(size(y) === 1, name, 'dy may only be missing if y has one element', y.shape);
    this.isBackwardDone = true;
    const gradients = this.propagate(y, dy ?? this.one(y));
    for (const tensor of gradients.keys()) if (!this.destinations.has(tensor)) gradients.delete(tensor);
    for (const [tensor, destination] of this.destinations) {
      const gradient = gradients.get(tensor);
      if (gradient && destination && gradient !== destination) {
        elementwise.copy(this.device, { source: gradient, copy: destination });
        gradients.set(tensor, destination);
      }
    }
    return gradients;
  }

  /** Runs all nodes backward, from the last to the first. */
  private propagate(y: Tensor, dy: Tensor): Map<Tensor, Tensor> {
    const uses = this.countUses();
    const outputs = new Set(this.nodes.map((node) => node.y));
    const gradients = new Map([[y, dy]]);
    // Nothing reads a leaf's gradient before the end: all partial sums are merged there, by few dispatches.
    const unmerged: PartialSums[] = [];
    for (const node of this.nodes.toReversed()) {
      const upstream = gradients.get(node.y);
      if (!upstream) continue;
      const { op, inputs, saved, attrs } = node;
      if (!op.backward) throw new Error(`${op.name}: is for evaluation only, it has no backward pass`);
      const slots = this.slots(node, uses);
      op.backward(this.device, upstream, saved, attrs, slots);
      for (const [name, slot] of Object.entries(slots)) {
        const input = inputs[name]!;
        const isLeaf = uses.get(input) === 1 && !outputs.has(input);
        if (slot.unmerged && isLeaf) unmerged.push(slot.unmerged);
        else if (slot.unmerged) merge(this.device, [slot.unmerged]);
        this.collect(gradients, input, slot.gradient);
      }
    }
    merge(this.device, unmerged);
    return gradients;
  }

  /** The gradient of a scalar by itself. */
  private one(y: Tensor): Tensor {
    const filled = this.device.tensor(y.shape, y.dtype);
    elementwise.fill(this.device, { filled, value: 1 });
    return filled;
  }

  private countUses(): Map<Tensor, number> {
    const uses = new Map<Tensor, number>();
    for (const { inputs } of this.nodes) {
      for (const input of Object.values(inputs)) if (input) uses.set(input, (uses.get(input) ?? 0) + 1);
    }
    return uses;
  }

  private slots({ op, inputs }: Node, uses: Map<Tensor, number>): Record<string, Slot> {
    const slots: Record<string, Slot> = {};
    for (const [name, input] of Object.entries(inputs)) {
      if (!input || !this.tracked.has(input)) continue;
      // The only gradient of a tensor is written where the caller wants it; several are added first.
      const destination = uses.get(input) === 1 ? this.destinations.get(input) : undefined;
      slots[name] = new Slot(
        this.device,
        `${op.name}: the backward pass must fill '${name}'`,
        input,
        this.partials,
        destination,
      );
    }
    return slots;
  }

  /** Adds one gradient of a tensor to those of its other uses. */
  private collect(gradients: Map<Tensor, Tensor>, input: Tensor, gradient: Tensor): void {
    const others = gradients.get(input);
    if (!others) {
      gradients.set(input, gradient);
      return;
    }
    const sum = this.device.tensor(input.shape, input.dtype);
    elementwise.add(this.device, { a: others, b: gradient, sum });
    gradients.set(input, sum);
  }
}

class Slot implements GradientSlot {
  private value?: Tensor;
  /** Partial sums that are not yet merged. */
  unmerged?: PartialSums;

  constructor(
    private readonly device: Device,
    private readonly requirement: string,
    private readonly input: Tensor,
    private readonly partials: Room,
    private readonly destination?: Tensor,
  ) {}

  get tensor(): Tensor {
    this.value ??= this.destination ?? this.device.tensor(this.input.shape, this.input.dtype);
    return this.value;
  }

  room(shape: Shape): Tensor {
    return this.partials.take(shape);
  }

  mergeFrom(partial: Tensor, column: number): void {
    this.unmerged = { partial, column, total: this.tensor };
  }

  alias(gradient: Tensor): void {
    this.value = gradient;
  }

  /** The gradient that the backward pass filled or aliased. */
  get gradient(): Tensor {
    if (!this.value) throw new Error(`${this.requirement}, got no gradient`);
    return this.value;
  }
}
