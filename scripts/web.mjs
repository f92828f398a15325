// Serves the page to this machine alone, bundled again whenever its sources change. PORT is 4747, or 0 for any.
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { context } from 'esbuild';
import { bundling, pageFiles } from './web-build.mjs';

const { PORT = '4747' } = process.env;
if (!/^\d+$/.test(PORT) || Number(PORT) > 65535) {
  console.error(`The page cannot be served: PORT must be a whole number of at most 65535, got '${PORT}'.`);
  process.exit(2);
}

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
};

/** What esbuild made last. */
let outputFiles = [];
const keep = {
  name: 'keep',
  setup: (build) =>
    build.onEnd((result) => {
      if (result.errors.length === 0) outputFiles = result.outputFiles;
    }),
};

/** The page's policy stands in itself; frame-ancestors counts in a header alone. */
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
    response.writeHead(contents ? 405 : 404, { 'Content-Type': 'text/plain' }).end('There is no such page.\n');
    return;
  }
  const about = { 'Content-Type': TYPES[extname(name)], 'Content-Length': contents.length };
  response.writeHead(200, { ...headers(files.get('index.html')), ...about });
  response.end(method === 'HEAD' ? undefined : contents);
}

const bundle = await context({ ...bundling, sourcemap: true, plugins: [...bundling.plugins, keep] });
await bundle.rebuild();
await bundle.watch();

const server = createServer((request, response) => {
  respond(request, response).catch(() => response.writeHead(400).end());
});
server.on('error', ({ code, message }) => {
  const why = code === 'EADDRINUSE' ? `port ${PORT} is taken, set PORT to another one` : message;
  console.error(`The page cannot be served: ${why}.`);
  process.exit(2);
});
server.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`The page is at http://127.0.0.1:${server.address().port}/`),
);
