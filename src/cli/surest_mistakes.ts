import { loadSharp } from '../data/decode-file.ts';
import type { Classification } from '../inference/classifier.ts';
import { isUnlike } from '../inference/prediction.ts';

/** A picture that was taken for another class. */
export interface Mistake {
  readonly label: number;
  readonly prediction: number;
  /** Of the predicted class. */
  readonly probability: number;
  /** Whether it is unlike the training pictures. */
  readonly unlike: boolean;
  /** [channels, size, size] */
  readonly pixels: Uint8Array;
}

/** Keeps the wrong predictions that a net was surest of, the surest first. */
export class SurestMistakes {
  private kept: Mistake[] = [];

  /** @param limit the most to keep */
  constructor(private readonly limit: number) {}

  add(batch: readonly Classification[]): void {
    const wrong = batch
      .filter(({ label, prediction }) => label !== prediction)
      .map(({ label, prediction, logProbabilities, pixels, distance }) => ({
        ...{ label, prediction, probability: Math.exp(logProbabilities[prediction]) },
        ...{ unlike: isUnlike({ distance }), pixels },
      }));
    const sorted = [...this.kept, ...wrong].sort((a, b) => b.probability - a.probability).slice(0, this.limit);
    // The batch's pixels are overwritten by the next one.
    this.kept = sorted.map((mistake) =>
      this.kept.includes(mistake) ? mistake : { ...mistake, pixels: mistake.pixels.slice() },
    );
  }

  get all(): readonly Mistake[] {
    return this.kept;
  }
}

/** A square picture as a data: address of a PNG file. */
export async function pngAddress(planes: Uint8Array, channels: 1 | 3): Promise<string> {
  const sharp = await loadSharp();
  const plane = planes.length / channels;
  const size = Math.sqrt(plane);
  const pixels = planes.map((_, i) => planes[(i % channels) * plane + Math.floor(i / channels)]);
  const png = await sharp(pixels, { raw: { width: size, height: size, channels } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}
