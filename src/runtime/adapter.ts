import { UserError } from './errors.ts';

/** The hardware of an adapter, as far as its name tells. */
export type AdapterClass = 'discrete' | 'integrated' | 'cpu' | 'unknown';

/** Decides the capabilities: a GPU, SwiftShader, or llvmpipe, which stands for any other adapter that runs on the CPU. */
export type AdapterKind = 'gpu' | 'llvmpipe' | 'swiftshader';

/** The properties of an adapter that are known before it is opened. */
export interface AdapterId {
  readonly name: string;
  readonly backend: string;
  readonly class: AdapterClass;
  readonly kind: AdapterKind;
}

/** The properties of an opened adapter. */
export interface AdapterSummary extends AdapterId {
  readonly vendor: string;
  readonly architecture: string;
  /** The driver and its version, if the platform tells. */
  readonly driver: string;
  readonly features: readonly string[];
}

/** Which adapter to open: `auto` (the default), a class, or part of a name in any case. */
export interface AdapterRequest {
  readonly adapter?: string;
}

/** Waits for a promise of a GPU, as suits the platform. */
export type WaitForGpu = <T>(gpu: GPUDevice, promise: Promise<T>) => Promise<T>;

/** The chosen adapter, with the `GPU` that it comes from. */
export interface AdapterChoice {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly info: AdapterSummary;
  /** How to wait for the GPU's promises, if awaiting them is not enough. */
  readonly wait?: WaitForGpu;
  /** One line for the user, if the adapter runs on the CPU. */
  readonly notice?: string;
}

const CPU = /llvmpipe|lavapipe|swiftshader|basic render|software|warp/i;
/** Integrated GPUs whose vendor or name would match DISCRETE. */
const SYSTEM_ON_CHIP = /tegra|orin|xavier|thor|vega \d+ graphics|custom gpu/i;
const DISCRETE = /nvidia|geforce|quadro|tesla|radeon(\(tm\))? (rx|pro|vii)|instinct|arc.* [ab]\d{2,3}|xe2?-hpg/i;
const INTEGRATED =
  /apple|intel|adreno|qualcomm|mali|\barm\b|powervr|img-tec|videocore|vega \d+|radeon(\(tm\))? (graphics|\d{3,4}[ms])/i;

function classOf(name: string): AdapterClass {
  if (CPU.test(name)) return 'cpu';
  if (SYSTEM_ON_CHIP.test(name)) return 'integrated';
  if (DISCRETE.test(name)) return 'discrete';
  return INTEGRATED.test(name) ? 'integrated' : 'unknown';
}

/**
 * Derives an adapter's class and kind from its name, which must include the vendor.
 * @param fallback whether the platform calls it a fallback adapter, which runs on the CPU
 */
export function identify(name: string, backend: string, fallback = false): AdapterId {
  const cls = fallback ? 'cpu' : classOf(name);
  const kind = cls !== 'cpu' ? 'gpu' : /swiftshader/i.test(name) ? 'swiftshader' : 'llvmpipe';
  return { name, backend, class: cls, kind };
}

/** Adds the properties that are known once an adapter is open. */
export function summarize(id: AdapterId, adapter: GPUAdapter): AdapterSummary {
  const { vendor, architecture, description } = adapter.info;
  return { ...id, vendor, architecture, driver: description, features: [...adapter.features].sort() };
}

const CLASS_ORDER: readonly AdapterClass[] = ['discrete', 'integrated', 'unknown', 'cpu'];

function rank({ class: cls, kind }: AdapterId): number {
  return CLASS_ORDER.indexOf(cls) + (kind === 'swiftshader' ? 1 : 0);
}

/** A name in lower case without punctuation, in which platforms' names of one adapter differ. */
function normalized(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

function matches(id: AdapterId, wanted: string): boolean {
  if (wanted === 'auto') return true;
  if (CLASS_ORDER.includes(wanted as AdapterClass)) return id.class === wanted;
  const aliases = id.kind === 'llvmpipe' ? ' lavapipe' : '';
  return normalized(id.name + aliases).includes(normalized(wanted));
}

/**
 * The best of the adapters that match `wanted` (`auto`, a class, or part of a name): discrete GPUs come first, then
 * integrated ones, then llvmpipe, then SwiftShader; adapters of equal rank keep their order.
 */
export function choose<T extends AdapterId>(found: readonly T[], wanted: string): T | undefined {
  return found.filter((id) => matches(id, wanted)).sort((a, b) => rank(a) - rank(b))[0];
}

/** The error for a request that none of the adapters matches. */
export function noSuchAdapter(wanted: string, found: readonly AdapterId[]): UserError {
  const list = found.map((id) => `${id.name} (${id.class}, ${id.backend})`).join('; ');
  return new UserError(`No adapter matches '${wanted}'; available: ${list}.`);
}

/** A line for the user of an adapter that runs on the CPU; undefined for a GPU. */
export function softwareNotice({ name, kind }: AdapterId): string | undefined {
  if (kind === 'gpu') return undefined;
  const faster =
    kind === 'swiftshader'
      ? 'a GPU with its driver is far faster, and on Debian or Ubuntu mesa-vulkan-drivers 24 or newer is several times faster'
      : 'a GPU with its driver is far faster';
  return `${name} is a software adapter, which is slow: ${faster}.`;
}

/** A line for the user of an adapter that has a twin, such as the second of two equal cards. */
export function twinNotice({ name, backend }: AdapterId, found: readonly AdapterId[]): string | undefined {
  const twins = found.filter((other) => other.name === name && other.backend === backend).length;
  if (twins < 2) return undefined;
  return `${twins} adapters are called ${name}, and Dawn cannot tell them apart: it takes the first; hide the others from the process to use another.`;
}
