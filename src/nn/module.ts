import type { FoldedConvolution } from '../../kernels/fold/launch.ts';
import type { Tape } from '../autograd/tape.ts';
import type { Random } from '../data/random.ts';
import type { Device } from '../runtime/device.ts';
import type { Shape, Tensor } from '../runtime/tensor.ts';

/** What a forward pass runs in. */
export interface Pass {
  readonly tape: Tape;
  /** Batch statistics and dropout, or running statistics and none. */
  readonly training: boolean;
  /** u32 [seed, step]: what dropout draws its masks from; written before each step. Only training needs it. */
  readonly seed?: Tensor;
  /** Whether blocks train as single ops; false runs them layer by layer, which is their reference. */
  readonly fused?: boolean;
  /** What `Module.fold` made of the net's parameters: evaluation is fast with it, and layer by layer without. */
  readonly folded?: Folded;
}

/** A net's convolutions with the normalisations around each inside. */
export type Folded = ReadonlyMap<Module, FoldedConvolution>;

/** Whether a block should run as one op. */
export const isFused = ({ training, fused = true }: Pass) => training && fused;

/** What a block should evaluate with, if not its own parameters. */
export const foldedIn = ({ training, folded }: Pass) => (training ? undefined : folded);

/** Fills a new parameter on the host. */
export type Initialiser = (shape: Shape, random: Random) => Float32Array<ArrayBuffer>;

/** A named array of a module. It has a tensor once a `ParameterSet` has given it one. */
abstract class Variable {
  private bound?: Tensor;

  constructor(
    readonly shape: Shape,
    readonly initialise: Initialiser,
  ) {}

  get tensor(): Tensor {
    if (!this.bound) throw new Error('a module must be given its tensors by a ParameterSet before it runs');
    return this.bound;
  }

  set tensor(tensor: Tensor) {
    this.bound = tensor;
  }
}

/** A trainable array. */
export class Parameter extends Variable {
  /** Where its gradient is written. */
  gradient?: Tensor;
}

/** An array that belongs to the model's state but is not trained: BatchNorm's running statistics. */
export class Buffer extends Variable {}

/** A part of a net. Its parameters are its properties and those of the modules in its properties, in order. */
export abstract class Module {
  abstract forward(pass: Pass, x: Tensor): Tensor;

  /** Parameters and buffers by PyTorch's state-dict names, in order of declaration. */
  *named(prefix = ''): Generator<[string, Parameter | Buffer]> {
    for (const [key, value] of this.parts()) {
      if (value instanceof Parameter || value instanceof Buffer) yield [`${prefix}${key}`, value];
      else if (value instanceof Module) yield* value.named(`${prefix}${key}.`);
    }
  }

  /**
   * Queues the kernels that fold normalisations by their running statistics into the convolutions beside them. The result
   * serves evaluation passes until parameters or statistics change, or these kernels run once more.
   */
  fold(device: Device): Folded {
    const modules = this.parts().flatMap(([, part]) => (part instanceof Module ? [part] : []));
    return new Map(modules.flatMap((module) => [...module.fold(device)]));
  }

  /** What it is made of, by name. */
  protected parts(): [string, unknown][] {
    return Object.entries(this);
  }

  /** Trainable elements. */
  get parameterCount(): number {
    let count = 0;
    for (const [, variable] of this.named()) {
      if (variable instanceof Parameter) count += variable.shape.reduce((a, b) => a * b, 1);
    }
    return count;
  }
}

/** Modules one after another, named 0, 1, 2 … */
export class Sequential extends Module {
  readonly modules: readonly Module[];

  constructor(...modules: Module[]) {
    super();
    this.modules = modules;
  }

  protected override parts(): [string, unknown][] {
    return Object.entries(this.modules);
  }

  forward(pass: Pass, x: Tensor): Tensor {
    return this.modules.reduce((y, module) => module.forward(pass, y), x);
  }
}
