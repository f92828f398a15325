import type { Tape } from '../autograd/tape.ts';
import type { Random } from '../data/random.ts';
import type { Device } from '../runtime/device.ts';
import { bytesPer, type Shape, sizeOf, type Tensor } from '../runtime/tensor.ts';
import { type Buffer, type Module, Parameter } from './module.ts';

/** A host array with its shape. */
export interface HostTensor {
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer>;
}

/** A model's arrays by PyTorch's state-dict names. */
export type StateDict = Readonly<Record<string, HostTensor>>;

/** Bindings must begin at multiples of 256 bytes, so each array takes a multiple of 64 floats; the rest stays 0. */
const ALIGNMENT = 64;

/** Named arrays side by side in one flat tensor. */
class Flat {
  private readonly offsets: number[] = [];
  readonly length: number;

  constructor(readonly variables: readonly (readonly [string, Parameter | Buffer])[]) {
    let offset = 0;
    for (const [, { shape }] of variables) {
      this.offsets.push(offset);
      offset += Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
    }
    this.length = Math.max(offset, ALIGNMENT);
  }

  /** The i-th array's place in a flat tensor. */
  view(flat: Tensor, i: number): Tensor {
    const offset = flat.offset + this.offsets[i] * bytesPer.f32;
    return { ...flat, offset, shape: this.variables[i][1].shape };
  }

  /** The i-th array's elements in a flat host array. */
  slice(flat: Float32Array, i: number): Float32Array {
    const [, { shape }] = this.variables[i];
    return flat.subarray(this.offsets[i], this.offsets[i] + sizeOf(shape));
  }
}

/**
 * Gives a module its tensors: all parameters in one flat tensor, their gradients in another, all buffers in a third,
 * so that one dispatch can update them all.
 */
export class ParameterSet {
  readonly values: Tensor;
  readonly gradients: Tensor;
  private readonly statistics: Tensor;
  private readonly parameters: Flat;
  private readonly buffers: Flat;

  /** Everything is initialised from `random`, in order. */
  constructor(
    private readonly device: Device,
    module: Module,
    random: Random,
  ) {
    const named = [...module.named()];
    this.parameters = new Flat(named.filter(([, variable]) => variable instanceof Parameter));
    this.buffers = new Flat(named.filter(([, variable]) => !(variable instanceof Parameter)));
    this.values = this.vector();
    this.gradients = this.vector();
    this.statistics = this.upload(new Float32Array(this.buffers.length));
    this.bind(this.values);
    this.buffers.variables.forEach(([, buffer], i) => {
      buffer.tensor = this.buffers.view(this.statistics, i);
    });
    for (const [, variable] of named) device.write(variable.tensor, variable.initialise(variable.shape, random));
  }

  /** A zeroed tensor with a place for every parameter: an optimizer's moments, an average. */
  vector(): Tensor {
    return this.upload(new Float32Array(this.parameters.length));
  }

  /** Asks the tape for the gradients of all parameters. */
  watch(tape: Tape): void {
    for (const [, variable] of this.parameters.variables) {
      tape.watch(variable.tensor, (variable as Parameter).gradient);
    }
  }

  /** Runs `f` with other values (a vector of this set) in the parameters' place. */
  using<T>(values: Tensor, f: () => T): T {
    this.bind(values);
    try {
      return f();
    } finally {
      this.bind(this.values);
    }
  }

  /** Parameters (those in `values`, a vector of this set) and buffers on the host. */
  async stateDict(values: Tensor = this.values): Promise<StateDict> {
    const statistics = entries(this.buffers, await this.device.read(this.statistics));
    return { ...(await this.vectorDict(values)), ...Object.fromEntries(statistics) };
  }

  /** A vector of this set on the host, by the parameters' names: of `gradients`, those of the last backward pass. */
  async vectorDict(vector: Tensor): Promise<StateDict> {
    return Object.fromEntries(entries(this.parameters, await this.device.read(vector)));
  }

  /**
   * Fills a vector of this set.
   * @throws Error naming the first array that is missing, unknown or of another shape.
   */
  loadVectorDict(vector: Tensor, dict: StateDict): void {
    const { variables } = this.parameters;
    checkNames(variables, dict);
    variables.forEach(([name], i) => {
      this.device.write(this.parameters.view(vector, i), dict[name].data);
    });
  }

  /**
   * Sets every parameter and buffer.
   * @throws Error naming the first array that is missing, unknown or of another shape.
   */
  loadStateDict(state: StateDict): void {
    const variables = [...this.parameters.variables, ...this.buffers.variables];
    checkNames(variables, state);
    for (const [name, { tensor }] of variables) this.device.write(tensor, state[name].data);
  }

  private bind(values: Tensor): void {
    this.parameters.variables.forEach(([, variable], i) => {
      variable.tensor = this.parameters.view(values, i);
      (variable as Parameter).gradient = this.parameters.view(this.gradients, i);
    });
  }

  private upload(data: Float32Array): Tensor {
    return this.device.upload(data, [data.length]);
  }
}

function checkNames(variables: Flat['variables'], dict: StateDict): void {
  const known = new Set(variables.map(([name]) => name));
  const unknown = Object.keys(dict).find((name) => !known.has(name));
  if (unknown) throw new Error(`loadStateDict(): the model has no '${unknown}'`);
  for (const [name, variable] of variables) {
    const { shape } = dict[name] ?? {};
    if (`${shape}` === `${variable.shape}`) continue;
    throw new Error(`loadStateDict(): '${name}' must be [${variable.shape}], got ${shape ? `[${shape}]` : 'none'}`);
  }
}

function entries(flat: Flat, data: Float32Array): [string, HostTensor][] {
  return flat.variables.map(([name, { shape }], i) => [name, { shape, data: flat.slice(data, i).slice() }]);
}
