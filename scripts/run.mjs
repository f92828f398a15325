// node scripts/run.mjs FILE.ts [ARG …]: bundles a TypeScript program of this repository and runs it.
// Where YYNET_BUNDLES names a folder, the bundle stays there and is run again without bundling: the tests set it.
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { esbuildPage } from './page-plugin.mjs';
import { esbuildWgsl } from './wgsl-plugin.mjs';

const [, , file, ...args] = process.argv;
const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
const kept = process.env.YYNET_BUNDLES && join(process.env.YYNET_BUNDLES, `${file.replaceAll('/', '-')}.mjs`);

/** Bundles the program into `folder`; returns the path. */
async function bundleInto(folder) {
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
  return bundle;
}

let bundle = kept;
if (!kept || !existsSync(kept)) {
  // Inside node_modules, so that Node resolves the program's packages.
  const folder = await mkdtemp(join(modules, '.run-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  bundle = await bundleInto(folder);
  if (kept) {
    // Renamed when whole: another process may look for it.
    await rename(bundle, kept);
    bundle = kept;
  }
}
process.argv = [process.argv[0], file, ...args];
await import(pathToFileURL(bundle).href);
