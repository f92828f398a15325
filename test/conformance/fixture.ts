import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors } from '../../src/data/safetensors.ts';
import { UserError } from '../../src/runtime/errors.ts';
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

/** Reads the cases of a folder of reference cases: index.json and the files that it lists. */
export async function readCases(folder: string): Promise<Case[]> {
  const file = join(folder, 'index.json');
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UserError(`${file} cannot be read: ${error.message}.`);
  });
  const { cases } = JSON.parse(text) as { cases: (Omit<Case, 'tensors'> & { file: string })[] };
  return Promise.all(
    cases.map(async ({ file, ...rest }) => {
      const { tensors } = decodeSafetensors(await readFile(join(folder, file)));
      return { ...rest, tensors: Object.fromEntries(tensors) as Record<string, HostTensor> };
    }),
  );
}

/** The tensors under a prefix, without it. */
export function under(prefix: string, tensors: Case['tensors']): Record<string, HostTensor> {
  const entries = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
