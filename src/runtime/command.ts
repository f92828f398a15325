import { type Constants, type KernelSource, SIZES } from './codegen.ts';
import type { Kernel, SizedKernel } from './pipeline.ts';
import { byteLength, type Tensor } from './tensor.ts';

/** One run of a kernel, as its launch code asks for it. */
export interface Dispatch {
  readonly kernel: KernelSource;
  readonly constants: Constants;
  /** Tensors by the name of the WGSL variable; one that is read and written stands in both. */
  readonly reads: Readonly<Record<string, Tensor | undefined>>;
  readonly writes: Readonly<Record<string, Tensor>>;
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [number, number?, number?];
  /** Floating-point operations in all: a multiply-add counts as two. */
  readonly flops: number;
  /** Bytes moved; left out where each tensor is passed over once, as it is nearly everywhere. */
  readonly bytes?: number;
}

/** A dispatch with its pipeline and its tensors in the order of the kernel's bindings. */
export interface DispatchCommand {
  readonly type: 'dispatch';
  readonly kernel: Kernel;
  readonly sizes?: GPUBuffer;
  readonly tensors: readonly Tensor[];
  readonly workgroups: readonly [number, number, number];
  readonly flops: number;
  readonly bytes: number;
}

/** What the device does, in order. `submit` stands for what goes to the queue by itself: a write, a recording's run. */
export type Command =
  | DispatchCommand
  | { readonly type: 'submit'; readonly submit: () => void }
  | { readonly type: 'copy'; readonly from: Tensor; readonly to: GPUBuffer };

/** @throws Error where the launch code and the kernel do not name the same variables. */
export function resolve(dispatch: Dispatch, { kernel, sizes }: SizedKernel): DispatchCommand {
  const { reads, writes, workgroups, flops } = dispatch;
  const tensors = kernel.bindings.map(({ name, type }) => {
    const tensor = type === 'storage' ? writes[name] : reads[name];
    if (!tensor) throw new Error(`${kernel.path}: binding '${name}' must be ${type}, got no such tensor`);
    if (tensor.storage.released) throw new Error(`${kernel.path}: tensor '${name}' was released before this use`);
    return tensor;
  });
  const names = new Set(kernel.bindings.map(({ name }) => name));
  const given = [...Object.entries(reads), ...Object.entries(writes)].filter(([, tensor]) => tensor);
  const unknown = given.find(([name]) => !names.has(name));
  if (unknown) throw new Error(`${kernel.path}: has no binding '${unknown[0]}', only ${[...names].join(', ')}`);
  const [x, y = 1, z = 1] = workgroups;
  return {
    type: 'dispatch',
    kernel,
    sizes,
    tensors,
    workgroups: [x, y, z],
    flops,
    bytes: dispatch.bytes ?? given.reduce((sum, [, tensor]) => sum + byteLength(tensor!), 0),
  };
}

/** A one-dimensional run of `groups` workgroups, folded where WebGPU's 65,535 a dimension would be passed. */
export function fold(groups: number): [number, number] {
  const y = Math.ceil(groups / 65535);
  return [Math.ceil(groups / y), y];
}

/** Binds a command's tensors, whose buffers must be there. */
export function bind(gpu: GPUDevice, { kernel, sizes, tensors }: DispatchCommand): GPUBindGroup {
  const entries: GPUBindGroupEntry[] = kernel.bindings.map(({ index }, i) => ({
    binding: index,
    resource: {
      buffer: tensors[i].storage.buffer!,
      offset: tensors[i].offset,
      size: Math.ceil(byteLength(tensors[i]) / 4) * 4,
    },
  }));
  if (sizes) entries.push({ binding: SIZES, resource: { buffer: sizes } });
  return gpu.createBindGroup({ label: kernel.path, layout: kernel.layout, entries });
}

/** Adds a command to a compute pass. */
export function encode(
  pass: GPUComputePassEncoder,
  { kernel, workgroups }: DispatchCommand,
  group: GPUBindGroup,
): void {
  pass.setPipeline(kernel.pipeline!);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...workgroups);
}
