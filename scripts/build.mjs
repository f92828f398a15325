// Builds the library and the commands into dist/, one file per source so that bundlers can drop unused ones, and collects the
// licences of what is bundled. Then checks that the library's main entry runs in a browser and stays below its size limit.
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { launcher } from './launcher.mjs';
import { thirdPartyNotices } from './notices.mjs';
import { pageModules, rolldownPage } from './page-plugin.mjs';
import { checkSizes } from './size.mjs';
import { viteWgsl } from './wgsl-plugin.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { dependencies, engines, peerDependencies } = JSON.parse(await readFile('package.json', 'utf8'));

const sourcesIn = async (folder) =>
  (await readdir(folder)).filter((name) => /(?<!\.d)\.ts$/.test(name)).map((name) => join(folder, name));

/** The commands by name, such as train: the sources in src/cli that start with #!. */
const commands = new Map();
for (const file of await sourcesIn('src/cli')) {
  if ((await readFile(file, 'utf8')).startsWith('#!')) commands.set(basename(file, '.ts'), file);
}
const commandNames = new Set([...commands.keys()].map((name) => `src/cli/${name}`));

await rm('dist', { recursive: true, force: true });
const bundle = await rolldown({
  input: [...(await sourcesIn('src')), ...commands.values()],
  platform: 'browser', // otherwise rolldown may add code that only runs in Node
  // devDependencies that sources import are bundled; they run in a browser too.
  external: [/^node:/, ...Object.keys(dependencies), ...Object.keys(peerDependencies)],
  transform: { target: 'es2022' },
  optimization: { inlineConst: false }, // inlining would leave imports without names behind
  plugins: [viteWgsl, rolldownPage],
});
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  sourcemap: true,
  preserveModules: true,
  preserveModulesRoot: '.',
  // npm does not pack folders named node_modules.
  entryFileNames: ({ name }) => {
    const file = name.replace(/^src\//, '').replace(/^node_modules\//, 'packages/');
    return commandNames.has(name) ? `${file}-command.js` : `${file}.js`;
  },
});

for (const name of commands.keys()) {
  const file = `dist/cli/${name}.js`;
  await writeFile(file, launcher(name, engines.node));
  await chmod(file, 0o755);
}
const modules = output.flatMap((chunk) => chunk.moduleIds ?? []);
await writeFile('dist/THIRD_PARTY_NOTICES', await thirdPartyNotices([...modules, ...pageModules]));
checkRunsInPage('index.js');
checkRunsInPage('engine.js');
await checkSizes();

/** Throws if the entry loads, directly or indirectly, anything outside dist/: browsers have no Node modules or packages. */
function checkRunsInPage(entry) {
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const reachable = new Set([entry]);
  for (const path of reachable) {
    const { imports, dynamicImports } = chunks.get(path);
    for (const imported of [...imports, ...dynamicImports]) {
      if (!chunks.has(imported))
        throw new Error(`${entry} must run in a browser, but loads '${imported}' (in ${path}).`);
      reachable.add(imported);
    }
  }
}
