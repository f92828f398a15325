// Bundles the library and the commands into dist/, and makes sure that the library's main entry runs in a page.
import { chmod, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { esbuildWgsl } from './wgsl-plugin.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const sourcesIn = async (folder) =>
  (await readdir(folder)).filter((name) => /(?<!\.d)\.ts$/.test(name)).map((name) => join(folder, name));

/** Of the sources in src/cli, those that begin with #! are commands. */
const commands = [];
for (const file of await sourcesIn('src/cli')) {
  if ((await readFile(file, 'utf8')).startsWith('#!')) commands.push(file);
}

await rm('dist', { recursive: true, force: true });
// One build for all entries, so that they share their classes.
const { metafile } = await build({
  entryPoints: [...(await sourcesIn('src')), ...commands],
  outbase: 'src',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: ['node20', 'es2022'],
  packages: 'external',
  alias: { pbf: './node_modules/pbf/index.js' }, // the one package that runs in a page too: bundled
  sourcemap: true,
  metafile: true,
  plugins: [esbuildWgsl],
  logLevel: 'warning',
});

for (const file of commands) await chmod(file.replace(/^src/, 'dist').replace(/ts$/, 'js'), 0o755);
checkRunsInPage('dist/index.js');

/** A page has neither Node's modules nor packages: what the entry loads must be bundled. */
function checkRunsInPage(entry) {
  const reached = new Set([entry]);
  for (const path of reached) {
    for (const { path: imported, external } of metafile.outputs[path].imports) {
      if (external) throw new Error(`${entry} must run in a page, but loads '${imported}' (in ${path}).`);
      reached.add(imported);
    }
  }
}
