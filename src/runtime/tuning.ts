import type { KernelSource } from './codegen.ts';

/** Constants of a launch that change the speed of its kernel, not its result. */
export type Tiles = Readonly<Record<string, number>>;

/** The fastest tiles found for a kernel on tensors of certain shapes. */
export interface Tuned {
  /** The fingerprint of the kernel's source at that time. */
  readonly fingerprint: string;
  readonly tiles: Tiles;
}

/** A hash of a kernel's source and all that it includes. */
export function fingerprint(kernel: KernelSource): string {
  let hash = 0x811c9dc5; // 32-bit FNV-1a
  for (const char of JSON.stringify(kernel)) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** The key of tiles: `pointwise/multiply 64×16×32×32 → 64×64×32×32 f32`. */
export const tuningKey = (kernel: KernelSource, shapes: string) =>
  `${kernel.path.replace(/^kernels\/|\.wgsl$/g, '')} ${shapes}`;

const isSame = (a: Tiles, b: Tiles) =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);

/** Choices without duplicates, in their order. */
export const distinct = <T extends Tiles>(choices: readonly T[]): T[] =>
  choices.filter((choice, i) => choices.findIndex((other) => isSame(other, choice)) === i);

/** Chooses the tiles of a device's kernels. */
export class Tuning {
  /**
   * @param tuned by `tuningKey`
   * @param onStale called for each entry that was found for another version of its kernel
   */
  constructor(
    private readonly tuned: ReadonlyMap<string, Tuned> = new Map(),
    private readonly onStale?: (key: string) => void,
  ) {}

  /**
   * Returns the tiles that were found to be fastest, if they are one of the choices, otherwise the first choice. So a kernel
   * only ever gets one of the choices, whatever a file contains.
   */
  choose<T extends Tiles>(kernel: KernelSource, shapes: string, choices: readonly T[]): T {
    const key = tuningKey(kernel, shapes);
    const found = this.tuned.get(key);
    if (!found) return choices[0];
    if (found.fingerprint !== fingerprint(kernel)) {
      this.onStale?.(key);
      return choices[0];
    }
    return choices.find((choice) => isSame(choice, found.tiles)) ?? choices[0];
  }
}
