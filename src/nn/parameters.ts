import { roundUp } from '../../kernels/common/tiles.ts';
import { copy } from '../../kernels/elementwise/launch.ts';
import type { Tape } from '../autograd/tape.ts';
import type { Random } from '../data/random.ts';
import type { Device } from '../runtime/device.ts';
import { Resource } from '../runtime/resource.ts';
import { ALIGNMENT, bytesPer, type Shape, size, sizeOf, type Tensor, view } from '../runtime/tensor.ts';
import { type Module, Parameter, type StateBuffer } from './module.ts';

/** A host array with its shape. */
export interface HostTensor {
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer>;
}

/** A model's arrays by PyTorch's state-dict names. */
export type StateDict = Readonly<Record<string, HostTensor>>;

/** An array takes a multiple of this many floats, so that a kernel can bind it; the padding stays 0. */
const FLOATS = ALIGNMENT / bytesPer.f32;

/** A parameter or buffer with its state-dict name. */
type Named<V = Parameter | StateBuffer> = readonly [string, V];

/** Offsets of named arrays that lie side by side in one flat tensor. */
class FlatLayout<V extends Parameter | StateBuffer = Parameter | StateBuffer> {
  private readonly offsets: number[] = [];
  /** Elements of the flat tensor. */
  readonly length: number;

  constructor(readonly variables: readonly Named<V>[]) {
    let offset = 0;
    for (const [, { shape }] of variables) {
      this.offsets.push(offset);
      offset += roundUp(sizeOf(shape), FLOATS);
    }
    this.length = Math.max(offset, FLOATS);
  }

  /** The i-th array in a flat tensor. */
  view(flat: Tensor, i: number): Tensor {
    return view(flat, this.offsets[i] * bytesPer.f32, this.variables[i][1].shape);
  }

  /** The runs of neighbouring arrays that `keyOf` gives one key, with their extents in a flat tensor. */
  runs<K>(keyOf: (variable: V) => K): { readonly key: K; readonly start: number; readonly end: number }[] {
    const runs: { key: K; start: number; end: number }[] = [];
    this.variables.forEach(([, variable], i) => {
      const [key, start] = [keyOf(variable), this.offsets[i]];
      const end = this.offsets[i + 1] ?? this.length;
      const last = runs.at(-1);
      if (last && last.key === key) last.end = end;
      else runs.push({ key, start, end });
    });
    return runs;
  }

  /** The flat form of arrays; those that are missing are 0. */
  toFlat(dict: StateDict): Float32Array<ArrayBuffer> {
    const flat = new Float32Array(this.length);
    this.variables.forEach(([name], i) => {
      flat.set(dict[name]?.data ?? [], this.offsets[i]);
    });
    return flat;
  }

  /** All arrays of a flat tensor that was read to the host. */
  toDict(flat: Float32Array<ArrayBuffer>): StateDict {
    const entries = this.variables.map(([name, { shape }], i) => {
      const data = flat.slice(this.offsets[i], this.offsets[i] + sizeOf(shape));
      return [name, { shape, data }] as const;
    });
    return Object.fromEntries(entries);
  }
}

/** Neighbouring parameters of one rate. */
export interface ParameterGroup {
  /** Factor of the learning rate. */
  readonly rate: number;
  /** Views their part of a flat tensor. */
  part(flat: Tensor): Tensor;
}

/** Arrays that no optimizer changes, with the flat tensor that holds them. */
interface Fixed {
  readonly layout: FlatLayout;
  readonly values: Tensor;
}

/**
 * Gives a module its tensors: all trainable parameters in one flat tensor, so that one dispatch can update them, their
 * gradients in another, frozen parameters in a third, buffers in a fourth.
 */
export class ParameterSet extends Resource {
  /** All trainable parameters, flat. */
  readonly values: Tensor;
  /** Their gradients, flat; filled by the backward pass of a tape that watches them. */
  readonly gradients: Tensor;
  /** All buffers, such as running statistics, flat; undefined where the module has none. */
  readonly buffers?: Tensor;
  private readonly trainable: FlatLayout<Parameter>;
  /** Frozen parameters, and buffers: apart, as a dispatch cannot write one part of a tensor and read another. */
  private readonly fixed: readonly Fixed[];
  /** The copy of `keepBuffers`. */
  private kept?: Tensor;

  /** Initialises all parameters and buffers from `random`, in the order of `Module.named`. */
  constructor(
    private readonly device: Device,
    module: Module,
    random: Random,
  ) {
    super();
    const named = [...module.named()];
    const { trainable, frozen, buffers } = grouped(named);
    this.trainable = new FlatLayout(trainable);
    this.values = this.zeros();
    this.gradients = this.zeros();
    this.fixed = [frozen, buffers]
      .filter((group) => group.length > 0)
      .map((group) => new FlatLayout(group))
      .map((layout) => ({ layout, values: this.upload(new Float32Array(layout.length)) }));
    this.buffers = buffers.length > 0 ? this.fixed[this.fixed.length - 1].values : undefined;
    this.assignTensors(this.values);
    for (const { layout, values } of this.fixed) {
      layout.variables.forEach(([, variable], i) => {
        variable.tensor = layout.view(values, i);
        if (variable instanceof Parameter) variable.gradient = undefined;
      });
    }
    for (const [, variable] of named) device.write(variable.tensor, variable.initialise(variable.shape, random));
  }

  /**
   * Cuts the flat tensors where neighbouring trainable parameters have different rates.
   */
  cut(rateOf: (parameter: Parameter) => number): ParameterGroup[] {
    return this.trainable.runs(rateOf).map(({ key: rate, start, end }) => ({
      rate,
      part: (flat) => view(flat, start * bytesPer.f32, [end - start]),
    }));
  }

  /** A zeroed flat tensor with a place for every trainable parameter, such as an optimizer's moments. */
  zeros(): Tensor {
    return this.upload(new Float32Array(this.trainable.length));
  }

  /**
   * Copies the buffers, so that a skipped step can restore them; loading buffers renews the copy. Returns both, undefined
   * if there are no buffers.
   */
  keepBuffers(): { readonly values: Tensor; readonly copy: Tensor } | undefined {
    const { buffers } = this;
    if (!buffers) return undefined;
    this.kept ??= this.upload(new Float32Array(size(buffers)));
    copy(this.device, { source: buffers, copy: this.kept });
    return { values: buffers, copy: this.kept };
  }

  /**
   * Makes a tape compute the gradients of all trainable parameters. Returns the tape.
   * @throws Error if a module was frozen or unfrozen after the set was made
   */
  watch(tape: Tape): Tape {
    for (const [name, variable] of this.variables) {
      if (!(variable instanceof Parameter)) continue;
      const { tensor, gradient, trainable } = variable;
      if (trainable !== (gradient !== undefined)) {
        const change = trainable ? 'unfrozen' : 'frozen';
        throw new Error(
          `watch(): a ParameterSet must be made after modules are ${change}, got '${name}' ${change} since`,
        );
      }
      if (gradient) tape.watch(tensor, gradient);
    }
    return tape;
  }

  /** Runs `f` with other values (a flat tensor of this set) in place of those of the trainable parameters. */
  withValues<T>(values: Tensor, f: () => T): T {
    this.assignTensors(values);
    try {
      return f();
    } finally {
      this.assignTensors(this.values);
    }
  }

  /** Reads all parameters (the trainable ones from `values`, a flat tensor of this set) and buffers. */
  async stateDict(values: Tensor = this.values): Promise<StateDict> {
    let state = await this.readFlat(values);
    for (const { layout, values } of this.fixed) state = { ...state, ...layout.toDict(await this.device.read(values)) };
    return state;
  }

  /** Reads the buffers. */
  async readBuffers(): Promise<StateDict> {
    return this.buffers ? this.fixed.at(-1)!.layout.toDict(await this.device.read(this.buffers)) : {};
  }

  /** Sets the buffers; those that are missing become 0. */
  writeBuffers(state: StateDict): void {
    if (!this.buffers) return;
    this.device.write(this.buffers, this.fixed.at(-1)!.layout.toFlat(state));
    if (this.kept) this.keepBuffers();
  }

  /** Reads a flat tensor of this set, by the names of the trainable parameters. */
  async readFlat(flat: Tensor): Promise<StateDict> {
    return this.trainable.toDict(await this.device.read(flat));
  }

  /**
   * Fills a flat tensor of this set.
   * @throws Error naming the first array that is missing, unknown or of another shape
   */
  writeFlat(flat: Tensor, dict: StateDict): void {
    const { variables } = this.trainable;
    checkNames('writeFlat', variables, dict);
    variables.forEach(([name], i) => {
      this.device.write(this.trainable.view(flat, i), dict[name].data);
    });
  }

  /**
   * Sets every parameter and buffer.
   * @throws Error naming the first array that is missing, unknown or of another shape
   */
  loadStateDict(state: StateDict): void {
    checkNames('loadStateDict', this.variables, state);
    for (const [name, { tensor }] of this.variables) this.device.write(tensor, state[name].data);
    if (this.kept) this.keepBuffers();
  }

  /**
   * Sets those parameters and buffers that `state` has.
   * @throws Error naming the first array that is unknown or of another shape
   */
  loadPart(state: StateDict): void {
    const part = this.variables.filter(([name]) => Object.hasOwn(state, name));
    checkNames('loadPart', part, state);
    for (const [name, { tensor }] of part) this.device.write(tensor, state[name].data);
    if (this.kept) this.keepBuffers();
  }

  /** Releases all memory of the set. Neither it nor its module can be used again. */
  dispose(): void {
    const kept = this.kept ? [this.kept] : [];
    for (const tensor of [this.values, this.gradients, ...this.fixed.map(({ values }) => values), ...kept]) {
      this.device.release(tensor);
    }
  }

  private get variables(): Named[] {
    return [...this.trainable.variables, ...this.fixed.flatMap(({ layout }) => layout.variables)];
  }

  private assignTensors(values: Tensor): void {
    this.trainable.variables.forEach(([, parameter], i) => {
      parameter.tensor = this.trainable.view(values, i);
      parameter.gradient = this.trainable.view(this.gradients, i);
    });
  }

  private upload(data: Float32Array): Tensor {
    return this.device.upload(data, [data.length]);
  }
}

function grouped(named: readonly Named[]) {
  const trainable: Named<Parameter>[] = [];
  const frozen: Named<Parameter>[] = [];
  const buffers: Named<StateBuffer>[] = [];
  for (const [name, variable] of named) {
    if (!(variable instanceof Parameter)) buffers.push([name, variable]);
    else if (variable.trainable) trainable.push([name, variable]);
    else frozen.push([name, variable]);
  }
  return { trainable, frozen, buffers };
}

function checkNames(method: string, variables: readonly Named[], dict: StateDict): void {
  const known = new Set(variables.map(([name]) => name));
  const unknown = Object.keys(dict).find((name) => !known.has(name));
  if (unknown) throw new Error(`${method}(): the model has no '${unknown}'`);
  for (const [name, variable] of variables) {
    const { shape } = dict[name] ?? {};
    if (`${shape}` === `${variable.shape}`) continue;
    throw new Error(`${method}(): '${name}' must be [${variable.shape}], got ${shape ? `[${shape}]` : 'none'}`);
  }
}
