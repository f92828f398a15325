import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stringify } from 'devalue';
import page from '../../../web/dashboard/index.html';
import { UserError } from '../../runtime/errors.ts';
import type { DashboardEvent, Seen } from './events.ts';

/** The server is for this machine alone. */
const HOST = '127.0.0.1';

const ASSETS: Readonly<Record<string, readonly [type: string, content: string]>> = {
  '/': ['text/html; charset=utf-8', page.html],
  '/main.js': ['text/javascript; charset=utf-8', page.script],
  '/main.css': ['text/css; charset=utf-8', page.style],
  '/icon.svg': ['image/svg+xml', page.icon],
};

/** The page loads what the server has, and nothing else; no other site may use it. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** A page that has so many bytes left to read, because its tab sleeps, is cut off; it comes back by itself. */
const MOST_UNREAD = 64 * 2 ** 20;
/** Pages have so many milliseconds to read the last news. */
const LAST_READ = 1000;

/** What the server is asked for. */
export interface DashboardSource {
  /** What a page that opens has missed. */
  missed(): DashboardEvent[];
  /** What both branches make of a validation picture; rejects where there is no such picture, or no time left. */
  see(index: number): Promise<Seen>;
}

/** Serves the dashboard's page and its news. */
export class DashboardServer {
  private readonly pages = new Set<ServerResponse>();
  private readonly server: Server;

  private constructor(private readonly source: DashboardSource) {
    this.server = createServer((request, response) => this.respond(request, response));
  }

  /** @throws UserError where no port can be had */
  static async start(source: DashboardSource): Promise<DashboardServer> {
    const dashboard = new DashboardServer(source);
    try {
      await once(dashboard.server.listen(0, HOST), 'listening');
    } catch (error) {
      throw new UserError(`--dashboard cannot be served on ${HOST}: ${(error as Error).message}.`);
    }
    return dashboard;
  }

  get url(): string {
    return `http://${HOST}:${this.port}/`;
  }

  /** Whether a page is open. */
  get watched(): boolean {
    return this.pages.size > 0;
  }

  tell(event: DashboardEvent): void {
    if (!this.watched) return;
    const message = format(event);
    for (const page of this.pages) {
      if (page.writableLength > MOST_UNREAD) page.destroy();
      else page.write(message);
    }
  }

  /** Tells the last news, and lets the process end. */
  end(event: DashboardEvent): void {
    for (const page of this.pages) page.end(format(event));
    this.server.close();
    this.server.closeIdleConnections();
    setTimeout(() => this.server.closeAllConnections(), LAST_READ).unref();
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private respond({ method, url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const refuse = (status: number, message: string) =>
      response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain' }).end(`${message}\n`);
    const answer = (type: string, content: string) =>
      response.writeHead(200, { ...HEADERS, 'Content-Type': type }).end(content);
    // Under another name, a site that points it here could read along.
    if (headers.host !== `${HOST}:${this.port}` && headers.host !== `localhost:${this.port}`) {
      refuse(421, `This server is ${this.url} alone.`);
    } else if (method !== 'GET') {
      refuse(405, 'There is only to read.');
    } else if (Object.hasOwn(ASSETS, url)) {
      answer(...ASSETS[url]);
    } else if (url === '/events') {
      this.open(response);
    } else if (/^\/see\/\d+$/.test(url)) {
      this.source.see(Number(url.slice('/see/'.length))).then(
        (seen) => answer('application/json', stringify(seen)),
        (error) => refuse(404, error.message),
      );
    } else {
      refuse(404, 'There is no such page.');
    }
  }

  private open(response: ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
    for (const event of this.source.missed()) response.write(format(event));
    this.pages.add(response);
    response.on('close', () => this.pages.delete(response));
  }
}

/** As a server-sent event. */
const format = (event: DashboardEvent) => `data: ${stringify(event)}\n\n`;
