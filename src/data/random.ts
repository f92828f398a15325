/** State of a {@link Random}: four unsigned 32-bit words, serialisable as JSON. */
export type RandomState = readonly [number, number, number, number];

/**
 * Seeded pseudo-random generator (sfc32: 128 bits of state, period of at least 2^32). The same seed gives the same
 * numbers on every machine, except for the last bits of `normal`, which uses Math.log.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * @param seed an integer from 0 to 2^53 - 1
   * @param stream an integer from 0 to 2^32 - 1; streams of one seed are independent
   * @throws {RangeError} if the seed is out of range
   */
  constructor(seed: number, stream = 0) {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new RangeError(`Random(): the seed must be an integer from 0 to 2^53 - 1, got ${seed}`);
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32);
    this.#c = stream | 0;
    for (let i = 0; i < 15; i++) this.bits(); // mixes the seed into all 128 bits
  }

  /** Returns 32 random bits as an unsigned integer. */
  bits(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** Returns a number in [low, high), by default [0, 1). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 2 ** 32);
  }

  /** Returns an integer in [0, n), for n up to 2^32. */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Returns a standard normal number (Marsaglia's polar method). */
  normal(): number {
    for (;;) {
      const x = this.uniform(-1, 1);
      const y = this.uniform(-1, 1);
      const r = x * x + y * y;
      if (r > 0 && r < 1) return x * Math.sqrt((-2 * Math.log(r)) / r);
    }
  }

  /** Shuffles an array in place (Fisher-Yates). */
  shuffle(array: Uint32Array): void {
    for (let i = array.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swapped = array[j];
      array[j] = array[i];
      array[i] = swapped;
    }
  }

  /** Returns the state, from which `setState` continues. */
  getState(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#counter >>> 0];
  }

  /** Continues from a state that `getState` returned. */
  setState([a, b, c, counter]: RandomState): void {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    this.#counter = counter | 0;
  }
}
