import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AdapterSummary } from '../../src/runtime/adapter.ts';
import { readTuning, tilesFile, writeTiles } from '../../src/runtime/tile_cache.ts';
import { fingerprint } from '../../src/runtime/tuning.ts';
import { temporaryFolder } from '../support/cli.ts';

const adapter: AdapterSummary = {
  ...{ name: 'Some GPU (TM) 3000', driver: 'driver: 1.2.3', backend: 'Vulkan', class: 'discrete', kind: 'gpu' },
  ...{ vendor: '', architecture: '', features: [] },
};
const kernel = { path: 'kernels/some/kernel.wgsl', text: 'fn f() {}' };
const choices = [{ TILE: 8 }, { TILE: 4 }];
const tuned = { fingerprint: fingerprint(kernel), tiles: { TILE: 4 } };

let home: string | undefined;

beforeEach(async () => {
  home = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = await temporaryFolder();
});

afterEach(() => {
  if (home === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = home;
});

/** The tile that the kernel then gets, and what is said. */
async function read(of = adapter) {
  const said: string[] = [];
  const tuning = await readTuning(of, (line) => said.push(line));
  const { TILE } = tuning.choose(kernel, '1 → 2 f32', choices);
  tuning.choose(kernel, '1 → 2 f32', choices);
  return { TILE, said };
}

async function write(text: string): Promise<void> {
  await mkdir(dirname(tilesFile(adapter)), { recursive: true });
  await writeFile(tilesFile(adapter), text);
}

test('what is written is read', async () => {
  const file = await writeTiles(adapter, new Map([['some/kernel 1 → 2 f32', tuned]]));
  expect(file).toBe(tilesFile(adapter));
  expect(file).toMatch(/yynet\/tiles\/some-gpu-tm-3000-driver-1-2-3\.json$/);
  expect(await readdir(dirname(file))).toHaveLength(1);
  expect(await read()).toEqual({ TILE: 4, said: [] });
});

test('an adapter that was never tuned is left as it is, without a word', async () => {
  expect(await read()).toEqual({ TILE: 8, said: [] });
});

test('tuning for more shapes keeps what was found before, unless it is no longer the best', async () => {
  await writeTiles(adapter, new Map([['some/kernel 1 → 2 f32', tuned]]));
  const file = await writeTiles(adapter, new Map([['some/kernel 3 → 4 f32', tuned]]));
  expect((await read()).TILE).toBe(4);
  await writeTiles(adapter, new Map([['some/kernel 1 → 2 f32', undefined]]));
  expect((await read()).TILE).toBe(8);
  expect(Object.keys(JSON.parse(await readFile(file, 'utf8')).tuned)).toEqual(['some/kernel 3 → 4 f32']);
});

test('tiles of a kernel that has changed are ignored with a word, said once', async () => {
  await writeTiles(adapter, new Map([['some/kernel 1 → 2 f32', { ...tuned, fingerprint: 'deadbeef' }]]));
  expect(await read()).toEqual({ TILE: 8, said: [expect.stringMatching(/stale.*npm run tune/)] });
});

test.each([
  ['a file cut off', '{"format": 1, "adapter": "Some', /cannot be read.*npm run tune/],
  ['a list', '[]', /this version.*npm run tune/],
  ['null', 'null', /this version.*npm run tune/],
  ['another format', '{"format": 2, "tuned": {}}', /this version.*npm run tune/],
  ['a file of another adapter', '{"format": 1, "adapter": "Voodoo 2", "tuned": {}}', /Voodoo 2.*npm run tune/],
])('%s is ignored with a word, and written anew', async (_, text, message) => {
  await write(text);
  expect(await read()).toEqual({ TILE: 8, said: [expect.stringMatching(message)] });
  await writeTiles(adapter, new Map([['some/kernel 1 → 2 f32', tuned]]));
  expect(await read()).toEqual({ TILE: 4, said: [] });
});

test.each([['text'], [null], [{}], [{ fingerprint: 1, tiles: {} }], [{ fingerprint: tuned.fingerprint, tiles: [4] }]])(
  'an entry that is %o is ignored',
  async (entry) => {
    const { name, driver } = adapter;
    await write(JSON.stringify({ format: 1, adapter: name, driver, tuned: { 'some/kernel 1 → 2 f32': entry } }));
    expect(await read()).toEqual({ TILE: 8, said: [] });
  },
);
