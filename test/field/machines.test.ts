import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../support/cli.ts';

/** The environment of a Node in which a package cannot be found. */
function without(missing: string) {
  const hook = `export const resolve = (name, context, next) => {
    if (name === '${missing}') throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  }`;
  const url = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const register = url(`import { register } from 'node:module'; register(${JSON.stringify(url(hook))});`);
  return { NODE_OPTIONS: `--import "${register}"` };
}

/** The last line of a command's errors. */
const lastLine = (text: string) => text.trim().split('\n').at(-1)!;

test('without sharp shapes train, evaluate and export, and pictures say what to install', async () => {
  const out = join(await temporaryFolder(), 'run');
  const env = without('sharp');
  const args = ['--max-steps', '1', '--limit-val', '20', '--quiet', '--out', out];
  const trained = await runCli('train', args, env);
  expect(trained.code, trained.stderr).toBe(0);
  const scored = await runCli('eval', [out, '--json', '--quiet'], env);
  expect(JSON.parse(scored.stdout)).toMatchObject({ pictures: 20, files: [join(out, 'confusion.svg')] });
  expect((await runCli('export', [out, '--format', 'onnx', '--quiet'], env)).code).toBe(0);
  expect((await stat(join(out, 'best.onnx'))).size).toBeGreaterThan(10_000);
  const predicted = await runCli('predict', [out, 'docs/page-light.png'], env);
  expect(predicted.code).toBeGreaterThan(0);
  expect(lastLine(predicted.stderr)).toMatch(/^yy-predict: sharp, .* npm install sharp/);
});

test('without Dawn a command says what to install', async () => {
  const { code, stderr } = await runCli('train', ['--max-steps', '1'], without('webgpu'));
  expect(code).toBeGreaterThan(0);
  expect(lastLine(stderr)).toMatch(/^yy-train: Dawn, .* npm install webgpu/);
});
