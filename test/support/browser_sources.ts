import { createServer } from 'vite';
// @ts-expect-error: a plain script, shared with the build.
import { viteWgsl } from '../../scripts/wgsl-plugin.mjs';

/** The repository, as a page can load it: TypeScript and kernels are compiled on the way. */
export interface Sources {
  /** Ends with a slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the repository on this machine alone. */
export async function serveSources(): Promise<Sources> {
  const server = await createServer({
    configFile: false,
    appType: 'mpa',
    logLevel: 'error',
    plugins: [viteWgsl],
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
  });
  await server.listen();
  return { url: server.resolvedUrls!.local[0], close: () => server.close() };
}
