// Builds the library and the commands into dist/, a file for each source so that bundlers can leave out what a program
// does not use; makes sure that the library's main entry runs in a page, and that it stays small.
import { chmod, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { rolldownPage } from './page-plugin.mjs';
import { checkSize } from './size.mjs';
import { viteWgsl } from './wgsl-plugin.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));

const sourcesIn = async (folder) =>
  (await readdir(folder)).filter((name) => /(?<!\.d)\.ts$/.test(name)).map((name) => join(folder, name));

/** Of the sources in src/cli, those that begin with #! are commands. */
const commands = [];
for (const file of await sourcesIn('src/cli')) {
  if ((await readFile(file, 'utf8')).startsWith('#!')) commands.push(file);
}

await rm('dist', { recursive: true, force: true });
const bundle = await rolldown({
  input: [...(await sourcesIn('src')), ...commands],
  platform: 'browser', // nothing that only Node has slips in by itself
  // Development dependencies that sources import are bundled: those run in a page too.
  external: [/^node:/, ...Object.keys(dependencies)],
  transform: { target: 'es2022' },
  optimization: { inlineConst: false }, // it would leave imports of nothing behind
  plugins: [viteWgsl, rolldownPage],
});
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  sourcemap: true,
  preserveModules: true,
  preserveModulesRoot: '.',
  // npm packs no folder named node_modules.
  entryFileNames: ({ name }) => `${name.replace(/^src\//, '').replace(/^node_modules\//, 'packages/')}.js`,
});

for (const file of commands) await chmod(file.replace(/^src/, 'dist').replace(/ts$/, 'js'), 0o755);
checkRunsInPage('index.js');
await checkSize('dist/index.js');

/** A page has neither Node's modules nor packages: what the entry loads must be among the output. */
function checkRunsInPage(entry) {
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const reached = new Set([entry]);
  for (const path of reached) {
    const { imports, dynamicImports } = chunks.get(path);
    for (const imported of [...imports, ...dynamicImports]) {
      if (!chunks.has(imported)) throw new Error(`${entry} must run in a page, but loads '${imported}' (in ${path}).`);
      reached.add(imported);
    }
  }
}
