import * as elementwise from '../../kernels/elementwise/launch.ts';
import { merge, type Slabs } from '../../kernels/reduce/launch.ts';
import type { Device } from '../runtime/device.ts';
import type { Tensor } from '../runtime/tensor.ts';
import type { GradientSlot, Inputs, Op } from './op.ts';

interface Node {
  readonly op: Op<Inputs, unknown>;
  readonly inputs: Inputs;
  readonly attrs: unknown;
  readonly saved: unknown;
  readonly y: Tensor;
}

/** Remembers the ops that run on it, to run them backward. One tape serves one forward and one backward pass. */
export class Tape {
  private readonly nodes: Node[] = [];
  /** Tensors whose gradient is wanted or needed on the way. */
  private readonly tracked = new Set<Tensor>();
  /** The leaves, and where their gradients must be written if that matters. */
  private readonly destinations = new Map<Tensor, Tensor | undefined>();

  constructor(readonly device: Device) {}

  /** Asks for the gradient of a leaf tensor, to be written into `gradient` where one is given. */
  watch(leaf: Tensor, gradient?: Tensor): Tensor {
    this.tracked.add(leaf);
    this.destinations.set(leaf, gradient);
    return leaf;
  }

  /** Runs an op and returns its output. It is remembered if any of its inputs is tracked. */
  run<In extends Inputs, Attrs, Saved>(op: Op<In, Attrs, Saved>, inputs: In, attrs: Attrs): Tensor {
    const { y, saved } = op.forward(this.device, inputs, attrs);
    if (Object.values(inputs).some((input) => input && this.tracked.has(input))) {
      this.tracked.add(y);
      this.nodes.push({ op: op as unknown as Op<Inputs, unknown>, inputs, attrs, saved, y });
    }
    return y;
  }

  /**
   * Gradients of Σ dy·y with respect to all watched tensors that y depends on.
   * `dy` is y's own gradient (of y's shape).
   */
  backward(y: Tensor, dy: Tensor): Map<Tensor, Tensor> {
    const uses = this.countUses();
    const gradients = new Map([[y, dy]]);
    // Nobody reads a leaf's gradient before the end, where all that come in slabs are added up together.
    const unmerged: Slabs[] = [];
    for (const node of this.nodes.reverse()) {
      const upstream = gradients.get(node.y);
      if (!upstream) continue;
      const slots = this.slots(node, uses);
      node.op.backward(this.device, upstream, node.saved, node.attrs, slots);
      for (const [name, slot] of Object.entries(slots)) {
        const input = node.inputs[name]!;
        if (slot.unmerged && uses.get(input) === 1 && this.destinations.has(input)) unmerged.push(slot.unmerged);
        else if (slot.unmerged) merge(this.device, [slot.unmerged]);
        this.collect(gradients, input, slot.gradient);
      }
      if (node.y !== y) gradients.delete(node.y);
    }
    merge(this.device, unmerged);
    for (const [leaf, destination] of this.destinations) {
      const gradient = gradients.get(leaf);
      if (gradient && destination && gradient !== destination) {
        elementwise.copy(this.device, { source: gradient, copy: destination });
        gradients.set(leaf, destination);
      }
    }
    return gradients;
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
      // A leaf used once gets its gradient written where it belongs; others are added up first.
      const destination = uses.get(input) === 1 ? this.destinations.get(input) : undefined;
      slots[name] = new Slot(this.device, `${op.name}: gradient of '${name}'`, input, destination);
    }
    return slots;
  }

  private collect(gradients: Map<Tensor, Tensor>, input: Tensor, gradient: Tensor): void {
    const sofar = gradients.get(input);
    if (!sofar) {
      gradients.set(input, gradient);
      return;
    }
    const sum = this.device.tensor(input.shape, input.dtype);
    elementwise.add(this.device, { a: sofar, b: gradient, sum });
    gradients.set(input, sum);
  }
}

class Slot implements GradientSlot {
  private value?: Tensor;
  /** Slabs that are yet to be added up. */
  unmerged?: Slabs;

  constructor(
    private readonly device: Device,
    private readonly label: string,
    private readonly input: Tensor,
    private readonly destination?: Tensor,
  ) {}

  get tensor(): Tensor {
    this.value ??= this.destination ?? this.device.tensor(this.input.shape, this.input.dtype);
    return this.value;
  }

  slabs(count: number): Tensor {
    const total = this.tensor;
    if (count === 1) return total;
    const partial = this.device.tensor([count, ...total.shape]);
    this.unmerged = { partial, total };
    return partial;
  }

  alias(gradient: Tensor): void {
    this.value = gradient;
  }

  /** What the rule left here. */
  get gradient(): Tensor {
    if (!this.value) throw new Error(`${this.label} was wanted, but the backward pass left none`);
    return this.value;
  }
}
