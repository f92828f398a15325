import { spawn } from 'node:child_process';

/** `npm run web`, on a port of its own. */
export interface WebServer {
  readonly origin: string;
  end(): void;
}

/** Starts it. Whoever does ends it. */
export async function serveWeb(): Promise<WebServer> {
  const server = spawn(process.execPath, ['scripts/web.mjs'], { env: { ...process.env, PORT: '0' } });
  const origin = await new Promise<string>((resolve, reject) => {
    let said = '';
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
        const url = /http:\/\/\S+(?=\/)/.exec(said);
        if (url) resolve(url[0]);
      });
    }
    server.on('close', () => reject(new Error(`npm run web ended: ${said}`)));
  });
  return { origin, end: () => void server.kill() };
}
