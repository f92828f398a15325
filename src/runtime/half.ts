const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The bits of the f16 nearest to an f32; ties go to even, and 65,520 or more is infinite. */
export function toHalf(value: number): number {
  float[0] = value;
  const sign = (word[0] >>> 16) & 0x8000;
  const exponent = ((word[0] >>> 23) & 255) - 112;
  const fraction = word[0] & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction ? 0x200 : 0);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  // Below 1 the exponent is that of subnormal numbers, whose leading 1 is stored.
  const [units, shift] = exponent > 0 ? [(exponent << 23) | fraction, 13] : [0x800000 | fraction, 14 - exponent];
  const half = units >>> shift;
  const rest = units & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (half + (rest > tie || (rest === tie && half % 2 === 1) ? 1 : 0));
}

/** The number that the bits of an f16 stand for. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * (1024 + fraction) * 2 ** (exponent - 25) : sign * fraction * 2 ** -24;
}
