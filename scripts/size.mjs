// Measures the size of the library, kernels included, as a web page would load it.
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** The programs to measure, with their limit in KiB with brotli, which every browser with WebGPU supports. */
const PROGRAMS = {
  'all of yynet': { code: "export * from './dist/index.js';", limit: 80 },
  'all of yynet/engine': { code: "export * from './dist/engine.js';", limit: 66 },
  'a classifier': {
    code: "export { Classifier, decodeCheckpoint, Device, requestBrowserAdapter, yynet } from './dist/index.js';",
    limit: 58,
  },
};

/** Prints the size of each program's bundle, minified and compressed. Throws if one is over its limit. */
export async function checkSizes() {
  for (const [name, { code, limit }] of Object.entries(PROGRAMS)) {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: '.' },
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      write: false,
    });
    const [{ contents }] = outputFiles;
    const kib = (bytes) => `${(bytes.length / 1024).toFixed(1)} KiB`;
    const compressed = brotliCompressSync(contents);
    console.log(`${name}: ${kib(compressed)} with brotli, ${kib(gzipSync(contents))} with gzip`);
    if (compressed.length > limit * 1024) throw new Error(`${name} takes more than ${limit} KiB with brotli.`);
  }
}
