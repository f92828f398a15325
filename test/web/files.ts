import sharp from 'sharp';
import { imageSize, type Pictures } from '../../src/data/dataset.ts';
import { shapes } from '../../src/data/shapes.ts';

/** Files to be dropped or pasted, by their paths. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** What `transfer` takes, as it can be sent to a page. */
export const contentsOf = (files: Files) => Object.entries(files).map(([name, bytes]) => ({ name, bytes: [...bytes] }));

/** Runs in a page: the files as they are dropped or pasted there. */
export function transfer(contents: ReturnType<typeof contentsOf>): DataTransfer {
  const all = new DataTransfer();
  for (const { name, bytes } of contents) all.items.add(new File([new Uint8Array(bytes)], name));
  return all;
}

/** Forty pictures of shapes in folders of their classes, and one that is broken. */
export async function folderOfShapes(): Promise<Files> {
  const { train } = shapes({ train: 40 });
  const files: Record<string, Uint8Array> = { 'red disc/broken.png': new Uint8Array(40) };
  for (let i = 0; i < train.length; i++) files[`${train.classes[train.labels[i]]}/${i}.png`] = await png(train, i);
  return files;
}

/** A picture of a data set as a PNG file. */
export async function png(pictures: Pictures & { images: Uint8Array }, index: number): Promise<Uint8Array> {
  const { width, height } = pictures;
  const size = imageSize(pictures);
  const planes = pictures.images.subarray(index * size, (index + 1) * size);
  const plane = width * height;
  const pixels = Uint8Array.from(planes, (_, i) => planes[(i % 3) * plane + Math.floor(i / 3)]);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
