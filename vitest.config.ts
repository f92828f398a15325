import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
// @ts-expect-error: a plain script, shared with the build.
import { rolldownPage } from './scripts/page-plugin.mjs';
// @ts-expect-error: likewise.
import { viteWgsl } from './scripts/wgsl-plugin.mjs';

/** Always the same order, so that z_coverage.test.ts sees what all others did. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.sort((a, b) => a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  plugins: [viteWgsl, rolldownPage],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/firefox/**'], // those need a Firefox
    globalSetup: 'test/support/temporary.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One adapter, few cores: test files take turns in one process and share one device.
    pool: 'forks',
    fileParallelism: false,
    isolate: false,
    sequence: { sequencer: ByName },
  },
});
