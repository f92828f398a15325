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
    // One adapter, few cores: test files take turns in one process and share one device.
    pool: 'forks',
    fileParallelism: false,
    isolate: false,
  },
});
