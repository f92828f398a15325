import { decodeSafetensors } from '../../src/data/safetensors.ts';
import type { Shape } from '../../src/runtime/tensor.ts';

/** A reference tensor on the host. */
export interface HostTensor {
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

/** One reference case: an op, its attributes, and its tensors by name (`in.x`, `param.…`, `out.y`, `grad.x` …). */
export interface Case {
  readonly name: string;
  readonly op: string;
  readonly attrs: Record<string, unknown>;
  readonly tensors: Readonly<Record<string, HostTensor>>;
  /** Gradients whose true value is zero. */
  readonly zero: readonly string[];
}

/** Reads all reference cases by `read`, which gives a file of their folder: index.json, and those that it lists. */
export async function loadCases(read: (file: string) => Promise<Uint8Array>): Promise<Case[]> {
  const index = new TextDecoder().decode(await read('index.json'));
  const { cases } = JSON.parse(index) as { cases: (Omit<Case, 'tensors'> & { file: string })[] };
  return Promise.all(
    cases.map(async ({ file, ...rest }) => {
      const { tensors } = decodeSafetensors(await read(file));
      return { ...rest, tensors: Object.fromEntries(tensors) as Record<string, HostTensor> };
    }),
  );
}

/** The tensors under a prefix, without it. */
export function under(prefix: string, tensors: Case['tensors']): Record<string, HostTensor> {
  const entries = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
