// node scripts/run.mjs FILE.ts [ARG …]: bundles a TypeScript program of this repository and runs it.
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { esbuildPage } from './page-plugin.mjs';
import { esbuildWgsl } from './wgsl-plugin.mjs';

const [, , file, ...args] = process.argv;
const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
// The bundle lies inside node_modules so that Node resolves its packages.
const folder = await mkdtemp(join(modules, '.run-'));
const bundle = join(folder, 'main.mjs');
await build({
  entryPoints: [file],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  sourcemap: 'inline',
  plugins: [esbuildWgsl, esbuildPage],
  logLevel: 'warning',
});
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.argv = [process.argv[0], file, ...args];
await import(pathToFileURL(bundle).href);
