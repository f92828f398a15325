import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

// Layers from the ground up; a file may import from its own layer and those below.
const LAYERS = [
  ['src/runtime'],
  ['kernels', 'src/data'],
  ['src/autograd'],
  ['src/nn'],
  ['src/interop'],
  ['src/report'],
  ['src/inference'],
  ['src/train', 'src/tuning'],
  ['src/yinyang', 'src/mobilenet'],
  ['src/nets.ts'],
  ['src/starting_net.ts'],
  ['src/configure.ts'],
  ['src/index.ts', 'src/engine.ts'],
  ['src/node.ts', 'src/cli'],
];

/** The only files that may know Node. */
const NODE_ONLY =
  /^src\/(cli\/|node\.ts|runtime\/(node|swiftshader|atomic|cache_path|tile_cache)\.ts|data\/[\w-]+-(folder|file)\.ts)/;

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.map((name) => join(folder, name)).filter((name) => name.endsWith('.ts'));
}

async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]);
}

const layerOf = (file: string) => LAYERS.findIndex((parts) => parts.some((part) => file.startsWith(part)));

test('layers import downward only', async () => {
  const upward: string[] = [];
  for (const file of [...(await sources('src')), ...(await sources('kernels'))]) {
    if (file.endsWith('.d.ts')) continue;
    expect(layerOf(file), `${file} belongs to a layer`).toBeGreaterThanOrEqual(0);
    for (const name of await importsOf(file)) {
      if (!name.startsWith('.')) continue;
      const target = normalize(join(dirname(file), name));
      const sideways = layerOf(target) === layerOf(file) && target.split('/')[1] !== file.split('/')[1];
      const allowed = file.startsWith('kernels') && target.startsWith('kernels');
      if (layerOf(target) > layerOf(file) || (sideways && !allowed)) upward.push(`${file} imports ${target}`);
    }
  }
  expect(upward).toEqual([]);
});

test('only the files that say so know Node', async () => {
  const offenders: string[] = [];
  for (const file of [...(await sources('src')), ...(await sources('kernels'))]) {
    for (const name of await importsOf(file)) {
      const knowsNode = name.startsWith('node:') || NODE_ONLY.test(normalize(join(dirname(file), name)));
      if (knowsNode && !NODE_ONLY.test(file)) offenders.push(`${file} imports ${name}`);
    }
  }
  expect(offenders).toEqual([]);
});

test('every folder of kernels has a mutation that its tests must see', async () => {
  const patches = await Promise.all(
    (await readdir('test/mutants')).map((name) => readFile(join('test/mutants', name), 'utf8')),
  );
  const folders = (await readdir('kernels', { recursive: true }))
    .filter((name) => name.endsWith('.wgsl'))
    .map((name) => dirname(name));
  const without = [...new Set(folders)].filter(
    (folder) => !patches.some((text) => text.includes(`kernels/${folder}/`)),
  );
  expect(without).toEqual([]);
  for (const text of patches) expect(text).toMatch(/^.+\.\nTests: test\/\S+\.test\.ts/);
});
