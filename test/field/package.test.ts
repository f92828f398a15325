import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
// @ts-expect-error: a plain script of the build.
import { launcher } from '../../scripts/launcher.mjs';
// @ts-expect-error: likewise.
import { thirdPartyNotices } from '../../scripts/notices.mjs';
import { temporaryFolder } from '../support/cli.ts';

const run = promisify(execFile);

/** Runs a command's launcher as if Node had that version. Beside it is a module that no old Node can load. */
async function launch(version: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const folder = await temporaryFolder();
  const { engines } = JSON.parse(await readFile('package.json', 'utf8'));
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await writeFile(join(folder, 'train.js'), launcher('train', engines.node));
  await writeFile(join(folder, 'train-command.js'), "console.log('runs'); class A { static { this.b ??= 1; } }");
  const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'${version}'}})`;
  return run(process.execPath, ['--import', pretend, join(folder, 'train.js')]).then(
    (output) => ({ code: 0, ...output }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

test.each(['16.20.2', '18.20.8', '20.18.3'])('on Node %s a command stops at once, in a sentence', async (version) => {
  const stderr = `yy-train: Node 20.19 or newer is needed, but this is Node ${version}.\n`;
  expect(await launch(version)).toEqual({ code: 2, stdout: '', stderr });
});

test.each(['20.19.0', '22.0.0', '26.1.0'])('on Node %s it runs', async (version) => {
  expect(await launch(version)).toEqual({ code: 0, stdout: 'runs\n', stderr: '' });
});

test('the notices have the licence of each package that is bundled, and none is without', async () => {
  const root = await temporaryFolder();
  const module = async (name: string, files: Record<string, string>) => {
    const folder = join(root, 'node_modules', name);
    await mkdir(join(folder, 'licenses'), { recursive: true });
    const description = JSON.stringify({ name, version: '1.0.0', license: 'MIT' });
    for (const [file, text] of Object.entries({ 'package.json': description, ...files })) {
      await writeFile(join(folder, file), text);
    }
    return join(folder, 'index.js');
  };
  const plain = await module('plain', { LICENSE: 'the terms\r\nof plain' });
  const scoped = await module('@scope/deep', { 'LICENCE.md': 'own terms', 'licenses/LICENSE-d3': 'terms of d3' });
  const notices = await thirdPartyNotices([join(root, 'src/index.js'), plain, plain, scoped]);
  expect(notices).toMatch(
    /@scope\/deep 1\.0\.0 \(MIT\)\n\nown terms\n\nterms of d3\n.*plain 1\.0\.0 .*the terms\nof plain/s,
  );
  expect(notices.match(/of plain/g)).toHaveLength(1);
  await expect(thirdPartyNotices([await module('bare', {})])).rejects.toThrow(/bare 1\.0\.0 is bundled, but/);
});

test("TypeScript before 6 gets WebGPU's types with ours; later ones have them in lib.dom", async () => {
  const { exports, files } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(files).toContain('types');
  for (const entry of Object.values<Record<string, string>>(exports)) {
    const wrapper = await readFile(entry.types, 'utf8');
    expect(wrapper).toContain('/// <reference types="@webgpu/types" />');
    expect(join('types', /from '(.+)'/.exec(wrapper)![1]).replace(/js$/, 'd.ts')).toBe(join(entry['types@>=6']));
  }
});
