import { join } from 'node:path';
import sharp from 'sharp';

/** Writes a picture with an EXIF orientation, a transparent one, and a grey one of 32 × 32 pixels. Returns their paths. */
export async function examplePictures(folder: string): Promise<string[]> {
  const files = ['turned.jpg', 'clear.png', 'grey.png'].map((name) => join(folder, name));
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const picture = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: 'red', noise } }).blur(2);
  await picture(90, 70).withMetadata({ orientation: 6 }).toFile(files[0]);
  await picture(20, 30).ensureAlpha(0.4).toFile(files[1]);
  await picture(32, 32).greyscale().toFile(files[2]);
  return files;
}

/** What a line of `yy-predict --json` has. */
interface Line {
  readonly image: string;
  readonly predictions: readonly { readonly class: string; readonly probability: number }[];
}

const parse = (lines: string) =>
  lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

/** The largest difference of probabilities for each picture, from lines of JSON as yy-predict prints them of all classes. */
export function differences(lines: string, others: string): number[] {
  const probabilities = (line: Line) =>
    new Map(line.predictions.map(({ class: name, probability }) => [name, probability] as const));
  const expected = parse(others).map(probabilities);
  return parse(lines).map((line, i) => {
    const all = [...probabilities(line)];
    return Math.max(...all.map(([name, p]) => Math.abs(p - (expected[i].get(name) ?? Number.POSITIVE_INFINITY))));
  });
}
