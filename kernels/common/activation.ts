/** Activations by the name of their function in activation.wgsl. */
export type ActivationKind = 'gelu' | 'silu' | 'sigmoid' | 'hard_sigmoid';

/** Floating-point operations of one value and of one slope, an exponential or a division counted as one. */
export const activationFlops: Record<ActivationKind | 'none', { value: number; slope: number }> = {
  gelu: { value: 22, slope: 24 },
  silu: { value: 5, slope: 8 },
  sigmoid: { value: 4, slope: 5 },
  hard_sigmoid: { value: 4, slope: 2 },
  none: { value: 0, slope: 0 },
};

/** The same functions in float64. */
export const activate: Record<ActivationKind | 'none', (x: number) => number> = {
  gelu: (x) => (x / 2) * erfc(-x / Math.SQRT2),
  silu: (x) => x / (1 + Math.exp(-x)),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  hard_sigmoid: (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1),
  none: (x) => x,
};

/** 1 − erf(x): its Taylor series near zero, its continued fraction in the tails. */
function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 100; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
