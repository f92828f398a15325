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
  /** Errors of PyTorch's own float32, as a part of the norm of the tensor that is named. */
  readonly float32_error?: Readonly<Record<string, number>>;
  /** Errors that pass, for tensors that are held to less than the others. */
  readonly least?: Readonly<Record<string, number>>;
}

/** Reads all reference cases by `read`, which gives a file of their folder: index.json, and those that it lists. */
export async function loadCases(read: (file: string) => Promise<Uint8Array>): Promise<Case[]> {
  const index = JSON.parse(new TextDecoder().decode(await read('index.json')));
  if (!('cases' in index)) return [await loadMobileNet(index, read)];
  const { cases } = index as { cases: (Omit<Case, 'tensors'> & { file: string })[] };
  return Promise.all(cases.map(async ({ file, ...rest }) => ({ ...rest, tensors: await tensorsOf(await read(file)) })));
}

const tensorsOf = async (file: Uint8Array) =>
  Object.fromEntries(decodeSafetensors(file).tensors) as Record<string, HostTensor>;

/** index.json of a folder that holds one training step and the evaluation of a MobileNetV3-Small. */
interface MobileNetIndex {
  readonly net: string;
  readonly seed: number;
  readonly images: readonly number[];
  readonly batch_norm: { readonly eps: number; readonly momentum: number };
  readonly torchvision_names: Readonly<Record<string, string>>;
  readonly zero_gradients: readonly string[];
}

/** Reads such a folder as one case: the state dict as `param.…`, in timm's names. */
async function loadMobileNet(index: MobileNetIndex, read: (file: string) => Promise<Uint8Array>): Promise<Case> {
  const { net, seed, images, batch_norm, torchvision_names, zero_gradients: zero } = index;
  const [state, cases] = await Promise.all([read('timm.safetensors'), read('cases.safetensors')]);
  const tensors = Object.entries(await tensorsOf(cases)).map(([name, tensor]) => [caseName(name), tensor]);
  const parameters = Object.entries(await tensorsOf(state)).map(([name, tensor]) => [`param.${name}`, tensor]);
  return {
    ...{ name: `${net}, seed ${seed}, ${images.join('×')}`, op: 'mobilenetv3_small', zero },
    attrs: { batch_norm, torchvision_names },
    tensors: Object.fromEntries([...parameters, ...tensors]),
    least: { 'eval.logits': 1e-5 },
  };
}

/** The name of a tensor of cases.safetensors in a case. */
function caseName(name: string): string {
  if (name === 'images') return 'in.x';
  if (name === 'targets') return 'in.target';
  return name.replace(/^(train|after)\./, 'out.');
}

/** The tensors under a prefix, without it. */
export function under(prefix: string, tensors: Case['tensors']): Record<string, HostTensor> {
  const entries = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
