import type { Constants, KernelSource } from './codegen.ts';
import type { BoundKernel, Kernel } from './pipeline.ts';
import { byteLength, type Tensor } from './tensor.ts';

/** One run of a kernel, as its launch code describes it. */
export interface Dispatch {
  readonly kernel: KernelSource;
  readonly constants: Constants;
  /** Tensors that the kernel only reads (`var<storage, read>`), by the name of the WGSL variable. */
  readonly reads: Readonly<Record<string, Tensor | undefined>>;
  /** Tensors that it writes (`var<storage, read_write>`). */
  readonly writes: Readonly<Record<string, Tensor>>;
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [number, number?, number?];
  /** Floating-point operations; a multiply-add counts as two. */
  readonly flops: number;
  /** Bytes read and written, if not the bytes of all tensors once. */
  readonly bytes?: number;
}

/** A dispatch with its pipeline and its tensors in the order of the kernel's bindings. */
export interface DispatchCommand {
  readonly type: 'dispatch';
  readonly kernel: Kernel;
  /** What the launch gave the kernel. */
  readonly constants: Constants;
  /** In the order of the kernel's. */
  readonly uniforms: readonly GPUBuffer[];
  readonly tensors: readonly Tensor[];
  readonly workgroups: readonly [number, number, number];
  readonly flops: number;
  readonly bytes: number;
}

/** What the device does, in order: a dispatch, a write from the host, a copy for the host, a run of a recording. */
export type Command =
  | DispatchCommand
  | { readonly type: 'write'; readonly to: Tensor; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'copy'; readonly from: Tensor; readonly to: GPUBuffer }
  | { readonly type: 'run'; readonly submit: () => void };

/** The most workgroups that WebGPU dispatches in each dimension. */
export const MAX_GROUPS = 65535;

/**
 * Checks a dispatch and completes it to a command.
 * @throws Error where the launch code and the kernel do not name the same variables, or for a number of workgroups that
 *   cannot run
 */
export function resolve(dispatch: Dispatch, { kernel, uniforms }: BoundKernel): DispatchCommand {
  const { reads, writes, workgroups, flops } = dispatch;
  const tensors = kernel.bindings.map(({ name, type }) => {
    const tensor = type === 'storage' ? writes[name] : reads[name];
    if (!tensor) throw new Error(`${kernel.path}: binding '${name}' must be ${type}, got no such tensor`);
    requireUsable(`${kernel.path}: tensor '${name}'`, tensor);
    return tensor;
  });
  const names = new Set(kernel.bindings.map(({ name }) => name));
  const given = [...Object.entries(reads), ...Object.entries(writes)].filter(([, tensor]) => tensor);
  const unknown = given.find(([name]) => !names.has(name));
  if (unknown) throw new Error(`${kernel.path}: has no binding '${unknown[0]}', only ${[...names].join(', ')}`);
  const [x, y = 1, z = 1] = workgroups;
  if (![x, y, z].every((count) => Number.isInteger(count) && count >= 1 && count <= MAX_GROUPS)) {
    throw new Error(`${kernel.path}: workgroups must be 1 to ${MAX_GROUPS} in each dimension, got [${[x, y, z]}]`);
  }
  return {
    type: 'dispatch',
    kernel,
    constants: dispatch.constants,
    uniforms,
    tensors,
    workgroups: [x, y, z],
    flops,
    bytes: dispatch.bytes ?? given.reduce((sum, [, tensor]) => sum + byteLength(tensor!), 0),
  };
}

/** @throws Error, which begins with `what`, for a tensor whose memory is not its own any more */
export function requireUsable(what: string, { storage }: Tensor): void {
  if (storage.released) throw new Error(`${what} was released before this use`);
  if (storage.role === 'temporary') {
    throw new Error(`${what} is a temporary of a recording: return it from the recorded function to use it`);
  }
}

/** A one-dimensional run of `count` workgroups, folded into two dimensions if it is longer than MAX_GROUPS. */
export function foldWorkgroups(count: number): [number, number] {
  const y = Math.ceil(count / MAX_GROUPS);
  return [Math.ceil(count / y), y];
}

/** Binds a command's tensors, which must have buffers. */
export function bind(gpu: GPUDevice, { kernel, uniforms, tensors }: DispatchCommand): GPUBindGroup {
  const storages = kernel.bindings.map(({ index }, i) => ({
    binding: index,
    resource: {
      buffer: tensors[i].storage.buffer!,
      offset: tensors[i].offset,
      size: Math.ceil(byteLength(tensors[i]) / 4) * 4,
    },
  }));
  const sizes = kernel.uniforms.map(({ index }, i) => ({ binding: index, resource: { buffer: uniforms[i] } }));
  return gpu.createBindGroup({ label: kernel.path, layout: kernel.layout, entries: [...storages, ...sizes] });
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
