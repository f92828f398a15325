// Bundles the page into web/dist, a folder that any static host serves.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { readPage } from './page-html.mjs';
import { esbuildWgsl } from './wgsl-plugin.mjs';

const web = fileURLToPath(new URL('../web/', import.meta.url));
const dist = join(web, 'dist');

/** How the scripts and the styles are bundled; esbuild gives them as `outputFiles`. */
export const bundling = {
  entryPoints: { main: join(web, 'main.ts'), worker: join(web, 'worker/main.ts') },
  outdir: dist,
  write: false,
  bundle: true,
  // What the page and its worker share is loaded once.
  splitting: true,
  chunkNames: 'shared-[hash]',
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  plugins: [esbuildWgsl],
  logLevel: 'warning',
};

/** All files of the page, by name. */
export async function pageFiles(outputFiles) {
  return new Map([
    ['index.html', Buffer.from(await readPage(join(web, 'index.html')))],
    ['icon.svg', await readFile(join(web, 'icon.svg'))],
    ...outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { outputFiles } = await build({ ...bundling, minify: true });
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  for (const [name, contents] of await pageFiles(outputFiles)) await writeFile(join(dist, name), contents);
  console.log('The page is in web/dist: put that folder on any static host, over https.');
}
