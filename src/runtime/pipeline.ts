import { type Binding, type Constants, type KernelSource, type SpecializedKernel, specialize } from './codegen.ts';
import { ShaderError } from './errors.ts';
import { ShaderStage } from './flags.ts';

/** A kernel specialised and compiled, or still compiling. */
export interface Kernel {
  readonly path: string;
  readonly bindings: readonly Binding[];
  readonly layout: GPUBindGroupLayout;
  /** Undefined until `compiled` resolves. */
  pipeline?: GPUComputePipeline;
  readonly compiled: Promise<void>;
}

/** Every specialised kernel of a device, compiled once, in the background and side by side. */
export class PipelineCache {
  private readonly kernels = new Map<string, Kernel>();

  constructor(private readonly gpu: GPUDevice) {}

  /** Paths of all kernels asked for so far. */
  get paths(): Set<string> {
    return new Set([...this.kernels.values()].map((kernel) => kernel.path));
  }

  /** @throws ShaderError where the kernel's directives cannot be read; `compiled` rejects where its WGSL is wrong. */
  get(source: KernelSource, constants: Constants): Kernel {
    const key = `${source.path} ${JSON.stringify(constants)}`;
    let kernel = this.kernels.get(key);
    if (!kernel) {
      kernel = this.build(specialize(source, constants));
      this.kernels.set(key, kernel);
    }
    return kernel;
  }

  private build(specialized: SpecializedKernel): Kernel {
    const { path, bindings } = specialized;
    const layout = this.gpu.createBindGroupLayout({
      label: path,
      entries: bindings.map(({ index, type }) => ({
        binding: index,
        visibility: ShaderStage.COMPUTE,
        buffer: { type },
      })),
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
