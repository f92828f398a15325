import {
  type Binding,
  type Constants,
  declarationsOf,
  type KernelSource,
  type SpecializedKernel,
  specialize,
  type Uniform,
  valuesOf,
} from './codegen.ts';
import { ConstantBuffers } from './constants.ts';
import { ShaderError } from './errors.ts';
import { BufferUsage, ShaderStage } from './flags.ts';

/** A kernel specialised and compiled, or still compiling. */
export interface Kernel {
  readonly path: string;
  /** Its WGSL, expanded. */
  readonly code: string;
  readonly bindings: readonly Binding[];
  readonly uniforms: readonly Uniform[];
  readonly layout: GPUBindGroupLayout;
  /** Undefined until `compiled` resolves. */
  pipeline?: GPUComputePipeline;
  readonly compiled: Promise<void>;
}

/** A kernel with the buffers of its uniforms for one launch. */
export interface BoundKernel {
  readonly kernel: Kernel;
  readonly uniforms: readonly GPUBuffer[];
}

/** A kernel source that was asked for before. */
interface KnownSource {
  /** The same for equal sources. */
  readonly id: number;
  /** Names of constants that the kernel reads from a uniform. */
  readonly data: ReadonlySet<string>;
}

/** Every specialised kernel of a device, compiled once, in the background and side by side. */
export class PipelineCache {
  private readonly kernels = new Map<string, Kernel>();
  private readonly sources = new WeakMap<KernelSource, KnownSource>();
  private readonly ids = new Map<string, number>();
  private readonly uniforms: ConstantBuffers;

  /** @param sizesAsData whether a kernel's `#sizes` are read from a uniform, see `Capabilities` */
  constructor(
    private readonly gpu: GPUDevice,
    private readonly sizesAsData: boolean,
  ) {
    this.uniforms = new ConstantBuffers(gpu, BufferUsage.UNIFORM);
  }

  /** Paths of all kernels asked for so far. */
  get paths(): Set<string> {
    return new Set([...this.kernels.values()].map((kernel) => kernel.path));
  }

  /** The WGSL of all kernels asked for so far, sorted. */
  get codes(): string[] {
    return [...this.kernels.values()].map((kernel) => kernel.code).sort();
  }

  /** @throws ShaderError where the kernel's directives are wrong; `compiled` rejects where its WGSL is wrong. */
  get(source: KernelSource, given: Constants): BoundKernel {
    const { id, data } = this.known(source);
    const builtIn = Object.entries(given).filter(([name]) => !data.has(name));
    const key = `${id} ${JSON.stringify(builtIn)}`;
    let kernel = this.kernels.get(key);
    if (!kernel) {
      kernel = this.build(specialize(source, given, this.sizesAsData));
      this.kernels.set(key, kernel);
    }
    return { kernel, uniforms: kernel.uniforms.map(({ names }) => this.uniforms.get(valuesOf(names, given))) };
  }

  private known(source: KernelSource): KnownSource {
    const found = this.sources.get(source);
    if (found) return found;
    const content = JSON.stringify(source);
    const id = this.ids.get(content) ?? this.ids.size;
    this.ids.set(content, id);
    const { sizes, batch } = declarationsOf(source);
    const known = { id, data: new Set([...batch.keys(), ...(this.sizesAsData ? sizes.keys() : [])]) };
    this.sources.set(source, known);
    return known;
  }

  private build(specialized: SpecializedKernel): Kernel {
    const { path, code, bindings, uniforms } = specialized;
    const entries: [number, GPUBufferBindingType][] = [
      ...bindings.map(({ index, type }) => [index, type] as [number, GPUBufferBindingType]),
      ...uniforms.map(({ index }) => [index, 'uniform'] as [number, GPUBufferBindingType]),
    ];
    const layout = this.gpu.createBindGroupLayout({
      label: path,
      entries: entries.map(([binding, type]) => ({ binding, visibility: ShaderStage.COMPUTE, buffer: { type } })),
    });
    const kernel: Kernel = {
      ...{ path, code, bindings, uniforms, layout },
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

/** The compiler's messages, each with the kernel file and line it is about. */
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
