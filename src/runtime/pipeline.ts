import {
  type Binding,
  type Constants,
  type KernelSource,
  SIZES,
  type SpecializedKernel,
  sizesOf,
  specialize,
} from './codegen.ts';
import { ShaderError } from './errors.ts';
import { BufferUsage, ShaderStage } from './flags.ts';

/** A kernel specialised and compiled, or still compiling. */
export interface Kernel {
  readonly path: string;
  readonly bindings: readonly Binding[];
  readonly layout: GPUBindGroupLayout;
  /** Undefined until `compiled` resolves. */
  pipeline?: GPUComputePipeline;
  readonly compiled: Promise<void>;
}

/** A kernel with the sizes of one shape, if it takes any as data. */
export interface SizedKernel {
  readonly kernel: Kernel;
  readonly sizes?: GPUBuffer;
}

/** Every specialised kernel of a device, compiled once, in the background and side by side. */
export class PipelineCache {
  private readonly kernels = new Map<string, Kernel>();
  private readonly sizeNames = new Map<KernelSource, readonly string[]>();
  private readonly sizeBuffers = new Map<string, GPUBuffer>();

  /**
   * @param sizesAsData whether a kernel's `#sizes` are data: fewer pipelines to compile, which takes software adapters
   *   seconds. Otherwise only what goes with the batch (`#batch`) is, and sizes are built in: a GPU's compiler is quick,
   *   and makes the most of what it knows.
   */
  constructor(
    private readonly gpu: GPUDevice,
    private readonly sizesAsData: boolean,
  ) {}

  /** Paths of all kernels asked for so far. */
  get paths(): Set<string> {
    return new Set([...this.kernels.values()].map((kernel) => kernel.path));
  }

  /** @throws ShaderError where the kernel's directives cannot be read; `compiled` rejects where its WGSL is wrong. */
  get(source: KernelSource, given: Constants): SizedKernel {
    let names = this.sizeNames.get(source);
    if (!names) {
      names = sizesOf(source, this.sizesAsData ? ['sizes', 'batch'] : ['batch']);
      this.sizeNames.set(source, names);
    }
    const isSize = new Set(names);
    const constants = Object.fromEntries(Object.entries(given).filter(([name]) => !isSize.has(name)));
    const key = `${source.path} ${JSON.stringify(constants)}`;
    let kernel = this.kernels.get(key);
    if (!kernel) {
      kernel = this.build(specialize(source, constants));
      this.kernels.set(key, kernel);
    }
    return names.length === 0 ? { kernel } : { kernel, sizes: this.sizes(source, names, given) };
  }

  /** A uniform with the values of `names`; one for all dispatches that have the same. */
  private sizes({ path }: KernelSource, names: readonly string[], given: Constants): GPUBuffer {
    const values = names.map((name) => {
      const value = given[name];
      if (typeof value !== 'number') throw new ShaderError(`${path}: its sizes name '${name}', which the launch lacks`);
      return value;
    });
    const key = values.join();
    let buffer = this.sizeBuffers.get(key);
    if (!buffer) {
      const size = Math.ceil(values.length / 4) * 16;
      buffer = this.gpu.createBuffer({ size, usage: BufferUsage.UNIFORM, mappedAtCreation: true });
      new Uint32Array(buffer.getMappedRange()).set(values);
      buffer.unmap();
      this.sizeBuffers.set(key, buffer);
    }
    return buffer;
  }

  private build(specialized: SpecializedKernel): Kernel {
    const { path, bindings, hasSizes } = specialized;
    const entries: [number, GPUBufferBindingType][] = bindings.map(({ index, type }) => [index, type]);
    if (hasSizes) entries.push([SIZES, 'uniform']);
    const layout = this.gpu.createBindGroupLayout({
      label: path,
      entries: entries.map(([binding, type]) => ({ binding, visibility: ShaderStage.COMPUTE, buffer: { type } })),
    });
    const kernel: Kernel = {
      path,
      bindings,
      layout,
      compiled: this.compile(specialized, layout).then((pipeline) => {
        kernel.pipeline = pipeline;
      }),
    };
    kernel.compiled.catch(() => {}); // whoever flushes awaits it and gets the error
    return kernel;
  }

  private async compile(kernel: SpecializedKernel, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    this.gpu.pushErrorScope('validation');
    const module = this.gpu.createShaderModule({ label: kernel.path, code: kernel.code });
    const failure = this.gpu.popErrorScope();
    if (await failure) throw new ShaderError(await explain(module, kernel));
    try {
      return await this.gpu.createComputePipelineAsync({
        label: kernel.path,
        layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      });
    } catch (error) {
      throw new ShaderError(`${kernel.path}: ${(error as Error).message}`);
    }
  }
}

/** The compiler's messages, each under the kernel file and line it is about. */
async function explain(module: GPUShaderModule, kernel: SpecializedKernel): Promise<string> {
  const { messages } = await module.getCompilationInfo();
  return messages
    .filter(({ type }) => type === 'error')
    .map(({ lineNum, message }) => {
      const line = kernel.code.split('\n')[lineNum - 1]?.trim();
      return `${kernel.origins[lineNum - 1] ?? kernel.path}: ${message}${line ? ` in '${line}'` : ''}`;
    })
    .join('\n');
}
