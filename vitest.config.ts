import { defineConfig } from 'vitest/config';
// @ts-expect-error: a plain script, shared with the build.
import { rolldownPage } from './scripts/page-plugin.mjs';
// @ts-expect-error: likewise.
import { viteWgsl } from './scripts/wgsl-plugin.mjs';

export default defineConfig({
  plugins: [viteWgsl, rolldownPage],
  test: {
    include: ['test/**/*.test.ts'],
    // Those need a Firefox, and a Redis.
    exclude: ['**/node_modules/**', 'test/firefox/**', 'test/cluster/**'],
    globalSetup: 'test/support/temporary.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One adapter, few cores: two processes run the files one after another, and the files of each share a device.
    // Compiling kernels, which most of the time goes into without a GPU, keeps one core busy.
    pool: 'forks',
    maxWorkers: 2,
    isolate: false,
  },
});
