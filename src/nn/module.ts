import type { FoldedConvolution } from '../../kernels/fold_batch_norm/launch.ts';
import type { Tape } from '../autograd/tape.ts';
import type { Random } from '../data/random.ts';
import type { Device } from '../runtime/device.ts';
import { type Shape, sizeOf, type Tensor } from '../runtime/tensor.ts';

/** The context of a forward pass. */
export interface Pass {
  readonly tape: Tape;
  /** True: batch statistics and dropout. False: running statistics and no dropout. */
  readonly training: boolean;
  /** u32 [seed, step], from which dropout draws its masks; written before each step. Only training needs it. */
  readonly seed?: Tensor;
  /** Whether blocks train as single ops. False runs them layer by layer, which is the reference of these ops. */
  readonly fused?: boolean;
  /** Result of `Module.foldBatchNorm`. Evaluation is fast with it, and runs layer by layer without. */
  readonly folded?: FoldedWeights;
  /** Called with the output of each part of a `Sequential`: its feature maps. */
  onOutput?(module: Module, y: Tensor): void;
}

/** Convolutions with the batch normalisations beside them folded into weight and bias. */
export type FoldedWeights = ReadonlyMap<Module, FoldedConvolution>;

/** Whether a block should run as one op. */
export const isFused = ({ training, fused = true }: Pass) => training && fused;

/** The folded weights that a block should evaluate with, if any. */
export const foldedWeights = ({ training, folded }: Pass) => (training ? undefined : folded);

/** Returns the initial values of a parameter of that shape. */
export type Initialiser = (shape: Shape, random: Random) => Float32Array<ArrayBuffer>;

/** A named array of a module. A `ParameterSet` assigns its tensor. */
abstract class Variable {
  /** The tensor that it has now, if any. */
  assigned?: Tensor;

  constructor(
    readonly shape: Shape,
    readonly initialise: Initialiser,
  ) {}

  /** @throws Error before a `ParameterSet` of the module was made */
  get tensor(): Tensor {
    if (!this.assigned) throw new Error('a module must be given its tensors by a ParameterSet before it runs');
    return this.assigned;
  }

  set tensor(tensor: Tensor) {
    this.assigned = tensor;
  }
}

/** An array that training changes, unless it is frozen. */
export class Parameter extends Variable {
  /** Set by `Module.freeze`. */
  trainable = true;
  /** The backward pass writes the gradient here. A frozen parameter has none. */
  gradient?: Tensor;
}

/** An array that is part of the state dict but not trained, such as the running statistics of BatchNorm2d. */
export class StateBuffer extends Variable {}

/**
 * A part of a net. Parameters, buffers and modules are found in its properties, and in arrays and plain objects there.
 * Their order is that of the properties, and their names are PyTorch's: `blocks.0.weight` is the weight of the first
 * module in the array `blocks`.
 */
export abstract class Module {
  /** Runs the module on the tape of the pass. Returns its output. */
  abstract forward(pass: Pass, x: Tensor): Tensor;

  /**
   * Parameters and buffers by their state-dict names. One that is used twice comes once, under its first name.
   * @throws Error if a module contains itself
   */
  *named(prefix = ''): Generator<[string, Parameter | StateBuffer]> {
    for (const [name, part] of this.walk(prefix)) if (!(part instanceof Module)) yield [name, part];
  }

  /** This module and all modules in it, each once. */
  *submodules(): Generator<Module> {
    yield this;
    for (const [, part] of this.walk()) if (part instanceof Module) yield part;
  }

  /**
   * Queues the kernels that fold batch normalisations, by their running statistics, into the convolutions beside them.
   * The result is for evaluation passes. When parameters or statistics have changed, the kernels must run again.
   */
  foldBatchNorm(device: Device): FoldedWeights {
    const folded = [...this.foldOwnBatchNorm(device)];
    for (const [, part] of this.walk()) if (part instanceof Module) folded.push(...part.foldOwnBatchNorm(device));
    return new Map(folded);
  }

  /** Elements of all parameters, frozen ones too. */
  get parameterCount(): number {
    return this.parameters().reduce((count, { shape }) => count + sizeOf(shape), 0);
  }

  /**
   * Keeps training from changing this module: its parameters get no gradient and no optimizer state, and its batch
   * normalisations use their running statistics, which stay as they are. Dropout stays active. A `ParameterSet` must be
   * made after it; an architecture whose checkpoints are resumed freezes in its `build`. Returns the module.
   */
  freeze(): this {
    for (const parameter of this.parameters()) parameter.trainable = false;
    return this;
  }

  /** Undoes `freeze`. A `ParameterSet` must be made after it. Returns the module. */
  unfreeze(): this {
    for (const parameter of this.parameters()) parameter.trainable = true;
    return this;
  }

  /** Whether the module has parameters and all are frozen. */
  get frozen(): boolean {
    const parameters = this.parameters();
    return parameters.length > 0 && parameters.every(({ trainable }) => !trainable);
  }

  private parameters(): Parameter[] {
    return [...this.walk()].flatMap(([, part]) => (part instanceof Parameter ? part : []));
  }

  /** Folds the normalisations that this module, and none of its parts, applies to convolutions among its parts. */
  protected foldOwnBatchNorm(_device: Device): FoldedWeights {
    return new Map();
  }

  /** The properties to search for parts. */
  protected properties(): object {
    return this;
  }

  /** All parts by name, each once and before its own parts. `path` is the module and those around it. */
  private *walk(
    prefix = '',
    path: readonly unknown[] = [this],
    seen = new Set<Part>(),
  ): Generator<readonly [string, Part]> {
    for (const [name, part] of partsIn(this.properties(), prefix)) {
      if (path.includes(part)) throw new Error(`named(): a module must not contain itself, got '${name}'`);
      if (seen.has(part)) continue;
      seen.add(part);
      yield [name, part];
      if (part instanceof Module) yield* part.walk(`${name}.`, [...path, part], seen);
    }
  }
}

type Part = Module | Parameter | StateBuffer;

/** The parts among the values of an object, and in arrays and plain objects there. */
function* partsIn(container: object, prefix: string): Generator<readonly [string, Part]> {
  for (const [key, value] of Object.entries(container)) {
    const name = `${prefix}${key}`;
    if (value instanceof Module || value instanceof Parameter || value instanceof StateBuffer) yield [name, value];
    else if (isContainer(value)) yield* partsIn(value, `${name}.`);
  }
}

function isContainer(value: unknown): value is object {
  if (Array.isArray(value)) return true;
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Modules one after another, named 0, 1, 2 … */
export class Sequential extends Module {
  readonly modules: readonly Module[];

  constructor(...modules: Module[]) {
    super();
    this.modules = modules;
  }

  protected override properties(): object {
    return this.modules;
  }

  forward(pass: Pass, x: Tensor): Tensor {
    return this.modules.reduce((input, module) => {
      const y = module.forward(pass, input);
      pass.onOutput?.(module, y);
      return y;
    }, x);
  }
}
