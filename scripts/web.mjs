// Serves the page on 127.0.0.1 and rebuilds it when its sources change. PORT is 4747 by default; 0 takes any free port.
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { context } from 'esbuild';
import { bundling, pageFiles } from './web-build.mjs';

const { PORT = '4747' } = process.env;
if (!/^\d+$/.test(PORT) || Number(PORT) > 65535) {
  console.error(`The page cannot be served: PORT must be an integer from 0 to 65535, got '${PORT}'.`);
  process.exit(2);
}

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
  '.safetensors': 'application/octet-stream',
};

/** The output of the last successful build. */
let outputFiles = [];
const storeOutput = {
  name: 'store-output',
  setup: (build) =>
    build.onEnd((result) => {
      if (result.errors.length === 0) outputFiles = result.outputFiles;
    }),
};

/** Sends the policy of the page's meta element as a header too, because browsers read frame-ancestors only from headers. */
function headers(page) {
  const [, policy] = page.toString().match(/content="(default-src [^"]+)"/);
  return {
    'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
    'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
  };
}

async function respond({ method, url }, response) {
  const name = new URL(url, 'http://localhost').pathname.slice(1) || 'index.html';
  const files = await pageFiles(outputFiles);
  const contents = files.get(name);
  if (!contents || !['GET', 'HEAD'].includes(method)) {
    response.writeHead(contents ? 405 : 404, { 'Content-Type': 'text/plain' }).end('Page not found.\n');
    return;
  }
  const entity = { 'Content-Type': TYPES[extname(name)], 'Content-Length': contents.length };
  response.writeHead(200, { ...headers(files.get('index.html')), ...entity });
  response.end(method === 'HEAD' ? undefined : contents);
}

const bundle = await context({ ...bundling, sourcemap: true, plugins: [...bundling.plugins, storeOutput] });
await bundle.rebuild();
await bundle.watch();

const server = createServer((request, response) => {
  respond(request, response).catch(() => response.writeHead(400).end());
});
server.on('error', ({ code, message }) => {
  const reason = code === 'EADDRINUSE' ? `port ${PORT} is in use, set PORT to another one` : message;
  console.error(`The page cannot be served: ${reason}.`);
  process.exit(2);
});
server.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`The page is at http://127.0.0.1:${server.address().port}/`),
);
