// How large the library is in a page: all of it, kernels included, as a bundler would send it.
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What the whole library may take, compressed with brotli, which every browser that has WebGPU accepts. */
const LIMIT_KIB = 60;

/** Prints the size of an entry's bundle, minified and compressed; throws where it is too large. */
export async function checkSize(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  const [{ contents }] = outputFiles;
  const kib = (bytes) => `${(bytes.length / 1024).toFixed(1)} KiB`;
  const compressed = brotliCompressSync(contents);
  console.log(
    `${entry} in a page: ${kib(compressed)} with brotli, ${kib(gzipSync(contents))} with gzip (${kib(contents)} minified)`,
  );
  if (compressed.length > LIMIT_KIB * 1024) {
    throw new Error(`${entry} takes more than ${LIMIT_KIB} KiB in a page, minified and compressed with brotli.`);
  }
}
