/** How well one class is told from the others. */
export interface ClassScore {
  readonly name: string;
  /** Pictures of this class. */
  readonly count: number;
  /** Share of the pictures taken for this class that are of it; null where none was. */
  readonly precision: number | null;
  /** Share of the pictures of this class that were taken for it; null where there is none. */
  readonly recall: number | null;
}

/** Counts what pictures of each class were taken for. */
export class ConfusionMatrix {
  /** [class, prediction], row by row. */
  readonly counts: Uint32Array;

  constructor(readonly classNames: readonly string[]) {
    this.counts = new Uint32Array(classNames.length ** 2);
  }

  /** Counts one picture of class `label` that was taken for class `prediction`. */
  add(label: number, prediction: number): void {
    this.counts[label * this.classNames.length + prediction]++;
  }

  /** Pictures of class `label` that were taken for class `prediction`. */
  at(label: number, prediction: number): number {
    return this.counts[label * this.classNames.length + prediction];
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** Share of all pictures that were taken for what they are; NaN while there is none. */
  get accuracy(): number {
    return this.sum((k) => this.at(k, k)) / this.total;
  }

  /** In the order of the classes. */
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

const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);
