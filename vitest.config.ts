import { defineConfig } from 'vitest/config';
// @ts-expect-error: a plain script, shared with the build.
import { viteWgsl } from './scripts/wgsl-plugin.mjs';

export default defineConfig({
  plugins: [viteWgsl],
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One adapter, few cores: test files take turns in one process, so that kernels compile once.
    pool: 'forks',
    fileParallelism: false,
    isolate: false,
  },
});
