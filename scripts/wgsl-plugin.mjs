// Plugins that import a kernel: `import source from './forward.wgsl'` returns { path, text, includes }. Shader errors use
// the path to name the file. One plugin for esbuild, one for rolldown (the build) and Vite (the tests).
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { includesOf, strip } from './wgsl-text.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

async function toModule(file) {
  const path = relative(root, file).split(sep).join('/');
  const text = strip(await readFile(file, 'utf8'));
  const included = includesOf(text);
  const imports = included.map((name, i) => `import include${i} from ${JSON.stringify(name)};\n`).join('');
  const includes = included.map((name, i) => `${JSON.stringify(name)}: include${i}`).join(', ');
  return `${imports}export default { path: ${JSON.stringify(path)}, text: ${JSON.stringify(text)}, includes: { ${includes} } };`;
}

export const esbuildWgsl = {
  name: 'wgsl',
  setup(build) {
    build.onLoad({ filter: /\.wgsl$/ }, async ({ path }) => ({ contents: await toModule(path), loader: 'js' }));
  },
};

export const viteWgsl = {
  name: 'wgsl',
  enforce: 'pre',
  async load(id) {
    const file = id.split('?')[0];
    return file.endsWith('.wgsl') ? toModule(file) : null;
  },
};
