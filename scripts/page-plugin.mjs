// Lets the dashboard's server import its page: `import page from '…/dashboard/index.html'` gives { html, script, style,
// icon }, its main.ts bundled. One plugin for esbuild (scripts/run.mjs), one for rolldown (the build) and Vite (the
// tests).
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { build } from 'esbuild';
import { readPage } from './page-html.mjs';

async function toModule(file) {
  const { outputFiles } = await build({
    entryPoints: [join(dirname(file), 'main.ts')],
    outdir: dirname(file),
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
  });
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
