// Lets TypeScript import a kernel: `import source from './forward.wgsl'` gives { path, text, includes }, so that
// a shader error can name the file it came from. One plugin for esbuild (the build), one for Vite (the tests).
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Without comments and indentation, which only cost bytes; every line keeps its number, which errors name. */
const strip = (text) => text.replace(/\/\/.*$/gm, '').replace(/^[ \t]+|[ \t]+$/gm, '');

async function toModule(file) {
  const path = relative(root, file).split(sep).join('/');
  const text = strip(await readFile(file, 'utf8'));
  const included = [...text.matchAll(/^\s*#include\s+"([^"]+)"/gm)].map((match) => match[1]);
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
