// Builds the page into web/dist, for any static web server.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { readPage } from './page-html.mjs';
import { esbuildWgsl } from './wgsl-plugin.mjs';

const web = fileURLToPath(new URL('../web/', import.meta.url));
const dist = join(web, 'dist');

/** The net that a training of own pictures starts from: the worker fetches it when one begins. */
const STARTING_NET = 'cifar10-yynet-16.safetensors';

/** esbuild's options for scripts and styles; the results are in `outputFiles`. */
export const bundling = {
  entryPoints: { main: join(web, 'main.ts'), worker: join(web, 'worker/main.ts') },
  outdir: dist,
  write: false,
  bundle: true,
  // Code that the page and its worker share is downloaded once.
  splitting: true,
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  plugins: [esbuildWgsl],
  logLevel: 'warning',
};

/** Returns the content of each file of the page, by name. */
export async function pageFiles(outputFiles) {
  return new Map([
    ['index.html', Buffer.from(await readPage(join(web, 'index.html')))],
    ['icon.svg', await readFile(join(web, 'icon.svg'))],
    [STARTING_NET, await readFile(join(web, '../nets', STARTING_NET))],
    ...outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { outputFiles } = await build({ ...bundling, minify: true });
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  for (const [name, contents] of await pageFiles(outputFiles)) await writeFile(join(dist, name), contents);
  console.log('The page is in web/dist. Serve that folder over https, from any static web server.');
}
