import { join } from 'node:path';
import { build } from 'esbuild';
import { decodePicture } from '../../src/data/decode-file.ts';
import { PictureError } from '../../src/data/left_out.ts';
import { put } from '../data/files.ts';
import { type Corpus, pictures, refused } from './corpus.ts';

/** The pixels of a picture [channels, size, size], or why it is not read. */
export type Read = readonly number[] | string;

/** A page, whoever drives its browser. */
interface Page {
  evaluate(code: string): Promise<unknown>;
}

const SIZE = 32;

export const corpus: Corpus = { ...(await pictures()), ...(await refused()) };

/** Returns a function that decodes a file of the corpus with the code of the page. */
export async function readerInPage(page: Page): Promise<(name: string, channels: number) => Promise<Read>> {
  const contents = `import { decode } from './web/data/decode.ts'; globalThis.decode = decode;`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    ...{ bundle: true, write: false, format: 'iife', target: 'es2022' },
  });
  await page.evaluate(`${outputFiles[0].text}; undefined`);
  return async (name, channels) => {
    const base64 = Buffer.from(corpus[name]).toString('base64');
    const format = JSON.stringify({ size: SIZE, channels });
    const code = `decode(new Blob([Uint8Array.from(atob('${base64}'), (c) => c.charCodeAt(0))]), ${format})
      .then(({ pixels }) => Array.from(pixels), (error) => String(error.kind ?? error))`;
    return (await page.evaluate(code)) as Read;
  };
}

/** Decodes a file of the corpus as Node does. `folder` is a temporary one. */
export async function readInNode(folder: string, name: string, channels: number): Promise<Read> {
  await put(folder, { [name]: corpus[name] });
  return decodePicture(join(folder, name), { size: SIZE, channels }).then(
    (pixels) => Array.from(pixels),
    (error) => (error instanceof PictureError ? error.kind : String(error)),
  );
}

/** The mean absolute difference of two readings in units of 1/255; 255 if only one is read, 0 if none is for one reason. */
export function difference(a: Read, b: Read): number {
  if (typeof a === 'string' || typeof b === 'string') return a === b ? 0 : 255;
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
}
