import { UserError } from './errors.ts';

/** What an adapter is made of, as far as its name tells. */
export type AdapterClass = 'discrete' | 'integrated' | 'cpu' | 'unknown';

/** What kernels are tuned for: a real GPU, SwiftShader, or llvmpipe (standing for any other adapter on the CPU). */
export type AdapterKind = 'gpu' | 'llvmpipe' | 'swiftshader';

/** What is known of an adapter before it is opened. */
export interface AdapterId {
  readonly name: string;
  readonly backend: string;
  readonly class: AdapterClass;
  readonly kind: AdapterKind;
}

/** An opened adapter, in words. */
export interface AdapterSummary extends AdapterId {
  readonly vendor: string;
  readonly architecture: string;
  /** The driver and its version, where the platform tells. */
  readonly driver: string;
  readonly features: readonly string[];
}

/** Which adapter to open: `auto` (the default), a class, or part of a name in any case. */
export interface AdapterRequest {
  readonly adapter?: string;
}

/** Waits for what a GPU answers, as suits the platform. */
export type Wait = <T>(gpu: GPUDevice, coming: Promise<T>) => Promise<T>;

/** The adapter that was chosen, with the `GPU` it came from. */
export interface AdapterChoice {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  readonly info: AdapterSummary;
  /** Where it is not enough to await a promise. */
  readonly wait?: Wait;
  /** One line to show the user when the adapter is software. */
  readonly notice?: string;
}

const CPU = /llvmpipe|lavapipe|swiftshader|basic render|software|warp/i;
/** What its maker or its name would take for a card. */
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

/** Reads an adapter's class and kind off its name, which must tell the vendor; `fallback` is what the platform says. */
export function identify(name: string, backend: string, fallback = false): AdapterId {
  const cls = fallback ? 'cpu' : classOf(name);
  const kind = cls !== 'cpu' ? 'gpu' : /swiftshader/i.test(name) ? 'swiftshader' : 'llvmpipe';
  return { name, backend, class: cls, kind };
}

/** Completes what is known of an adapter now that it is open. */
export function summarize(id: AdapterId, adapter: GPUAdapter): AdapterSummary {
  const { vendor, architecture, description } = adapter.info;
  return { ...id, vendor, architecture, driver: description, features: [...adapter.features].sort() };
}

const CLASS_ORDER: readonly AdapterClass[] = ['discrete', 'integrated', 'unknown', 'cpu'];

function rank({ class: cls, kind }: AdapterId): number {
  return CLASS_ORDER.indexOf(cls) + (kind === 'swiftshader' ? 1 : 0);
}

/** Case and punctuation differ between the names that platforms give to one adapter. */
function fold(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

function answers(id: AdapterId, wanted: string): boolean {
  if (wanted === 'auto') return true;
  if (CLASS_ORDER.includes(wanted as AdapterClass)) return id.class === wanted;
  const aliases = id.kind === 'llvmpipe' ? ' lavapipe' : '';
  return fold(id.name + aliases).includes(fold(wanted));
}

/**
 * The best of the adapters that answer to `wanted` (`auto`, a class, or part of a name): discrete GPUs come first, then
 * integrated ones, then llvmpipe, then SwiftShader; adapters of equal rank keep their order.
 */
export function choose<T extends AdapterId>(found: readonly T[], wanted: string): T | undefined {
  return found.filter((id) => answers(id, wanted)).sort((a, b) => rank(a) - rank(b))[0];
}

/** The error for an adapter that was asked for where only others are. */
export function noSuchAdapter(wanted: string, found: readonly AdapterId[]): UserError {
  const list = found.map((id) => `${id.name} (${id.class}, ${id.backend})`).join('; ');
  return new UserError(`No adapter answers to '${wanted}'; there is: ${list}.`);
}

/** What to tell the user of an adapter that runs on the CPU, undefined for a GPU. */
export function softwareNotice({ name, kind }: AdapterId): string | undefined {
  if (kind === 'gpu') return undefined;
  const faster =
    kind === 'swiftshader'
      ? 'a GPU with its driver is far faster, and on Debian or Ubuntu mesa-vulkan-drivers 24 or newer is several times faster'
      : 'a GPU with its driver is far faster';
  return `${name} is a software adapter, which is slow: ${faster}.`;
}
