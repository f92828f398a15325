/** A class and its predicted probability. */
export interface ClassProbability {
  readonly class: string;
  readonly probability: number;
}

/** What a net says of a picture. */
export interface Prediction {
  /** All classes, the most probable first. */
  readonly classes: readonly ClassProbability[];
  /**
   * How far the picture is from those of training, where the net can tell: 1 is the distance that 95 % of the validation
   * pictures are within.
   */
  readonly distance?: number;
}

/** Whether a picture is unlike those of training: what the net says of it is then worth little. */
export const isUnlike = ({ distance }: Pick<Prediction, 'distance'>) => distance !== undefined && distance > 1;
