/** The temperatures that are looked for. */
const [LOWEST, HIGHEST] = [0.05, 100];

/** Bisections: they leave less than the last digit that is kept. */
const BISECTIONS = 24;

/** Digits of a temperature: fewer than those in which `Math.exp` differs from machine to machine. */
const DIGITS = 4;

/**
 * Fits the temperature T at which softmax(logits / T) has the lowest cross entropy on labelled pictures: above 1 for a net that
 * is too sure of itself. 1/T has a prior, a normal distribution around 1 with deviation 1, because a net that takes all of a few
 * pictures right would be made ever surer. Source: "On Calibration of Modern Neural Networks".
 * @param logits [labels.length, classes] of pictures that the net was not trained on
 * @returns a number from 0.05 to 100
 */
export function fitTemperature(logits: Float32Array, labels: ArrayLike<number>, classes: number): number {
  const rows = Array.from(labels, (_, i) => logits.subarray(i * classes, (i + 1) * classes));
  // The slope of the negative log posterior over 1/T, which is convex: the slope rises.
  const slope = (temperature: number) =>
    rows.reduce((sum, row, i) => sum + expectedLogit(row, temperature) - row[labels[i]], 1 / temperature - 1);
  let [low, high] = [Math.log(LOWEST), Math.log(HIGHEST)];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (slope(Math.exp(middle)) > 0) low = middle;
    else high = middle;
  }
  return Number(Math.exp((low + high) / 2).toPrecision(DIGITS));
}

/** The mean of a picture's logits, each weighted by the probability of its class. */
function expectedLogit(row: Float32Array, temperature: number): number {
  const largest = row.reduce((a, b) => Math.max(a, b));
  let [total, sum] = [0, 0];
  for (const logit of row) {
    const power = Math.exp((logit - largest) / temperature);
    total += power;
    sum += power * logit;
  }
  return sum / total;
}
