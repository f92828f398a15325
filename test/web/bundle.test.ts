import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build as esbuild } from 'esbuild';
import type { Browser } from 'playwright-core';
import { preview, type Rolldown, build as vite } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { temporaryFolder } from '../support/cli.ts';

const run = promisify(execFile);

/** A program as a user of the package writes it: the mean of a plane, and its gradient, as the page's title. */
const PROGRAM = `
import { Device, ops, requestBrowserAdapter, Tape, type Tensor } from 'yynet/engine';

const device: Device = await Device.open(await requestBrowserAdapter());
const x: Tensor = device.upload(new Float32Array([1, 2, 3, 6]), [1, 1, 2, 2]);
const tape = new Tape(device);
tape.watch(x);
const mean = tape.run(ops.globalAvgPool, { x }, {});
const gradients = tape.backward(mean, device.upload(new Float32Array([8]), mean.shape));
document.title = [...(await device.read(mean)), ...(await device.read(gradients.get(x)!))].join();
`;

const HTML = '<!doctype html><html><script type="module" src="./main.js"></script></html>';

let project: string;
let browser: Browser;

beforeAll(async () => {
  project = await temporaryFolder();
  await run('npm', ['pack', '--pack-destination', project]);
  const modules = join(project, 'node_modules');
  await mkdir(join(modules, 'yynet'), { recursive: true });
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  const archive = join(project, `yynet-${version}.tgz`);
  await run('tar', ['xzf', archive, '-C', join(modules, 'yynet'), '--strip-components=1']);
  // The one dependency that a page's program meets, in its types.
  await symlink(resolve('node_modules/@webgpu'), join(modules, '@webgpu'));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeFile(join(project, 'main.ts'), PROGRAM);
  await writeFile(
    join(project, 'random.ts'),
    `import { Random } from 'yynet/engine';\nconsole.log(new Random(1).uniform());\n`,
  );
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await rm(project, { recursive: true, force: true });
});

/** How each bundler makes OUT/main.js of a program, as its user would: without plugins, shims or externals. */
const bundlers = {
  esbuild: async (program: string, outdir: string) => {
    await esbuild({
      absWorkingDir: project,
      entryPoints: { main: program },
      outdir,
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
    });
  },
  vite: async (program: string, outDir: string) => {
    const { output } = (await vite({
      configFile: false,
      root: project,
      logLevel: 'warn',
      build: { outDir, target: 'es2022', rolldownOptions: { input: program, output: { entryFileNames: 'main.js' } } },
    })) as Rolldown.RolldownOutput;
    // What Vite quietly puts in the place of Node's modules.
    expect(output[0].moduleIds.filter((id) => id.includes('__vite-browser-external'))).toEqual([]);
  },
};

for (const [name, bundle] of Object.entries(bundlers)) {
  test(`${name} bundles the packed library, and the bundle runs in a page`, async () => {
    const out = join(project, name);
    await bundle(join(project, 'main.ts'), out);
    await writeFile(join(out, 'index.html'), HTML);
    const server = await preview({
      configFile: false,
      root: project,
      build: { outDir: out },
      preview: { host: '127.0.0.1', port: 0 },
    });
    try {
      const page = await browser.newPage();
      const errors: Error[] = [];
      page.on('pageerror', (error) => errors.push(error));
      await page.goto(server.resolvedUrls!.local[0]);
      await expect.poll(() => page.title(), { timeout: 20_000 }).toBe('3,2,2,2,2');
      expect(errors).toEqual([]);
    } finally {
      await server.close();
    }
  });

  test(`${name} leaves out what a program does not use`, async () => {
    const out = join(project, `${name}-random`);
    await bundle(join(project, 'random.ts'), out);
    const code = await readFile(join(out, 'main.js'), 'utf8');
    expect(code).toContain('console.log');
    expect(code.length).toBeLessThan(3000);
  });
}

test('a program that uses the packed library passes the type check', async () => {
  const options = {
    strict: true,
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    types: [],
    noEmit: true,
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['main.ts'] }));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', project]).catch((error: { stdout: string }) => error);
  expect(stdout).toBe('');
});
