// Plugins that import a page as strings: `import page from '…/dashboard/index.html'` returns { html, script, style, icon },
// where script is the bundled main.ts beside it. One plugin for esbuild (scripts/run.mjs), one for rolldown (the build) and
// Vite (the tests).
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { readPage } from './page-html.mjs';

/** Paths of the modules that pages have bundled so far. */
export const pageModules = new Set();

async function toModule(file) {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(dirname(file), 'main.ts')],
    outdir: dirname(file),
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    metafile: true,
  });
  for (const module of Object.keys(metafile.inputs)) pageModules.add(resolve(module));
  const textOf = (extension) => outputFiles.find(({ path }) => extname(path) === extension).text;
  const icon = await readFile(new URL('../web/icon.svg', import.meta.url), 'utf8');
  const page = { html: await readPage(file), script: textOf('.js'), style: textOf('.css'), icon };
  return `export default ${JSON.stringify(page)};`;
}

export const esbuildPage = {
  name: 'page',
  setup(build) {
    build.onLoad({ filter: /\.html$/ }, async ({ path }) => ({ contents: await toModule(path), loader: 'js' }));
  },
};

export const rolldownPage = {
  name: 'page',
  enforce: 'pre',
  load: async (id) => (id.endsWith('.html') ? { code: await toModule(id), moduleType: 'js' } : null),
};
