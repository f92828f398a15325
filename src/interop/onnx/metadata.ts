import type { FeatureSpace } from '../../nn/feature_space.ts';

/** What a program needs beside the net to classify pictures as we do. */
export interface PictureMetadata {
  /** Pictures are normalised as (pixel/255 − mean) / std, one of each per channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly classNames?: readonly string[];
  /** The probabilities of the classes are softmax(logits / temperature). 1 by default. */
  readonly temperature?: number;
  /** Where the training pictures lie; the file has a second output for it. */
  readonly space?: FeatureSpace;
}

/** The same under the names that files have. */
export const metadataOf = ({ mean, std, classNames, temperature = 1, space }: PictureMetadata, inputSize: number) => ({
  mean,
  std,
  input_size: inputSize,
  ...(classNames && { class_names: classNames }),
  temperature,
  ...(space && { distance_threshold: space.threshold }),
});
