// Bundles the page into web/dist, a folder that any static host serves.
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { context } from 'esbuild';
import { readPage } from './page-html.mjs';
import { esbuildWgsl } from './wgsl-plugin.mjs';

const web = fileURLToPath(new URL('../web/', import.meta.url));
export const webFolder = join(web, 'dist');

/** Copies what needs no bundling, after each build. */
const copyStatic = {
  name: 'static',
  setup: (build) =>
    build.onEnd(async () => {
      await writeFile(join(webFolder, 'index.html'), await readPage(join(web, 'index.html')));
      await copyFile(join(web, 'icon.svg'), join(webFolder, 'icon.svg'));
    }),
};

/** A build that can be run once, or run again whenever a source changes. */
export async function webBuild({ minify }) {
  await rm(webFolder, { recursive: true, force: true });
  await mkdir(webFolder, { recursive: true });
  return context({
    entryPoints: { main: join(web, 'main.ts'), worker: join(web, 'worker/main.ts') },
    outdir: webFolder,
    bundle: true,
    // What the page and its worker share is loaded once.
    splitting: true,
    chunkNames: 'shared-[hash]',
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify,
    sourcemap: !minify,
    plugins: [esbuildWgsl, copyStatic],
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const build = await webBuild({ minify: true });
  await build.rebuild();
  await build.dispose();
  console.log('The page is in web/dist: put that folder on any static host, over https.');
}
