import { defineConfig } from 'vitest/config';
import common from '../../vitest.config.ts';

export default defineConfig({
  ...common,
  test: {
    ...common.test,
    include: ['test/cluster/*.test.ts'],
    exclude: [],
    // The tests measure time.
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
