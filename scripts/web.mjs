// Serves the page on this machine alone, and builds it again when its sources change. PORT is 4747, or 0 for any.
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { webBuild, webFolder } from './web-build.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
};

/** The page's policy stands in itself; frame-ancestors counts in a header alone. */
const page = await readFile(new URL('../web/index.html', import.meta.url), 'utf8');
const [, policy] = page.match(/content="(default-src [^"]+)"/);
const HEADERS = {
  'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
  'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

async function respond({ method, url }, response) {
  const path = normalize(decodeURIComponent(new URL(url, 'http://localhost').pathname));
  const file = join(webFolder, path === '/' ? 'index.html' : path);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile() || !['GET', 'HEAD'].includes(method)) {
    response.writeHead(found?.isFile() ? 405 : 404, { 'Content-Type': 'text/plain' }).end('There is no such page.\n');
    return;
  }
  response.writeHead(200, { ...HEADERS, 'Content-Type': TYPES[extname(file)], 'Content-Length': found.size });
  if (method === 'HEAD') response.end();
  else createReadStream(file).pipe(response);
}

const build = await webBuild({ minify: false });
await build.rebuild();
await build.watch();

const port = Number(process.env.PORT ?? 4747);
const server = createServer((request, response) => {
  respond(request, response).catch(() => response.writeHead(400).end());
});
server.on('error', (error) => {
  const advice = error.code === 'EADDRINUSE' ? `: port ${port} is taken, set PORT to another one` : '';
  console.error(`The page cannot be served${advice || `: ${error.message}`}.`);
  process.exit(2);
});
server.listen(port, '127.0.0.1', () => console.log(`The page is at http://127.0.0.1:${server.address().port}/`));
