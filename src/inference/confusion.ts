/** Precision and recall of one class. */
export interface ClassScore {
  readonly name: string;
  /** Number of pictures of this class. */
  readonly count: number;
  /** Fraction of the pictures predicted as this class that belong to it; null if there are none. */
  readonly precision: number | null;
  /** Fraction of the pictures of this class that were predicted as it; null if there are none. */
  readonly recall: number | null;
}

/** Pictures of one class that were predicted as another. */
export interface Confusion {
  readonly label: number;
  readonly prediction: number;
  readonly count: number;
}

/**
 * The most frequent confusions, most frequent first.
 * @param counts [class, prediction], row-major
 */
export function largestConfusions(counts: Uint32Array, classes: number, limit: number): Confusion[] {
  const found: Confusion[] = [];
  for (const [i, count] of counts.entries()) {
    const [label, prediction] = [Math.floor(i / classes), i % classes];
    if (count > 0 && label !== prediction) found.push({ label, prediction, count });
  }
  return found.sort((a, b) => b.count - a.count).slice(0, limit);
}

/** Counts pictures by class and prediction. */
export class ConfusionMatrix {
  /** [class, prediction], row-major. */
  readonly counts: Uint32Array;

  constructor(readonly classNames: readonly string[]) {
    this.counts = new Uint32Array(classNames.length ** 2);
  }

  /** Counts one picture of class `label` that was predicted as `prediction`. */
  add(label: number, prediction: number): void {
    this.counts[label * this.classNames.length + prediction]++;
  }

  /** Number of pictures of class `label` that were predicted as `prediction`. */
  at(label: number, prediction: number): number {
    return this.counts[label * this.classNames.length + prediction];
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** Fraction of all pictures that were predicted correctly; NaN if there are none. */
  get accuracy(): number {
    return this.sum((k) => this.at(k, k)) / this.total;
  }

  /** Precision and recall of each class, in the order of `classNames`. */
  get classes(): ClassScore[] {
    return this.classNames.map((name, k) => {
      const count = this.sum((other) => this.at(k, other));
      const predicted = this.sum((other) => this.at(other, k));
      return { name, count, precision: ratio(this.at(k, k), predicted), recall: ratio(this.at(k, k), count) };
    });
  }

  private sum(term: (label: number) => number): number {
    return this.classNames.reduce((sum, _, label) => sum + term(label), 0);
  }
}

const ratio = (numerator: number, denominator: number) => (denominator === 0 ? null : numerator / denominator);
