import type { LabelledFile } from '../../src/data/arrange.ts';
import { inOrder } from '../../src/data/in_order.ts';
import { type LeftOut, leftOutBy, mostFailed } from '../../src/data/left_out.ts';
import { type Dataset, inMemory, presets } from '../../src/index.ts';
import { decode } from './decode.ts';
import type { PageFile } from './source.ts';

/** Pictures are decoded at the paper's input size, in RGB. */
const FORMAT = { size: presets['yynet-16'].inputSize, channels: presets['yynet-16'].inputChannels };

/** Number of pictures decoded concurrently. */
const CONCURRENCY = 8;

/**
 * Decodes the pictures of a data set.
 * @param onDecoded called after each picture
 * @returns the pictures, and the files that are no pictures
 * @throws {UserError} if most files cannot be decoded
 */
export async function decodeAll(
  name: string,
  classes: readonly string[],
  pictures: readonly LabelledFile[],
  onDecoded: () => void,
): Promise<{ pictures: Dataset; failed: LeftOut[] }> {
  const { size: width, channels } = FORMAT;
  const size = channels * width ** 2;
  const images = new Uint8Array(pictures.length * size);
  const labels: number[] = [];
  const failed: LeftOut[] = [];
  const tryDecode = async ({ file, label }: LabelledFile) =>
    (file as PageFile)
      .blob()
      .then((blob) => decode(blob, FORMAT))
      .then(
        ({ pixels }) => ({ label, pixels }),
        (error: Error) => leftOutBy(file.path, error),
      );
  for await (const outcome of inOrder(pictures, CONCURRENCY, tryDecode)) {
    onDecoded();
    if ('pixels' in outcome) {
      images.set(outcome.pixels, labels.length * size);
      labels.push(outcome.label);
    } else failed.push(outcome);
  }
  if (failed.length > pictures.length / 2) throw mostFailed(name, failed.length, pictures.length, failed[0]);
  return {
    pictures: inMemory({
      ...{ name, classes, channels, height: width, width },
      images: images.subarray(0, labels.length * size),
      labels: Int32Array.from(labels),
    }),
    failed,
  };
}
