import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stringify } from 'devalue';
import page from '../../../web/dashboard/index.html';
import { UserError } from '../../runtime/errors.ts';
import type { DashboardEvent, PictureMaps } from './events.ts';

/** Only this machine can connect. */
const HOST = '127.0.0.1';

const ASSETS: Readonly<Record<string, readonly [type: string, content: string]>> = {
  '/': ['text/html; charset=utf-8', page.html],
  '/main.js': ['text/javascript; charset=utf-8', page.script],
  '/main.css': ['text/css; charset=utf-8', page.style],
  '/icon.svg': ['image/svg+xml', page.icon],
};

/** The page may load only from this server, and other sites may not embed or load it. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

/** Connections with more unread bytes, such as those of sleeping tabs, are closed; the page reconnects by itself. */
const MAX_UNREAD = 64 * 2 ** 20;
/** The most pages that are served, and the most pictures that pages may wait for. */
const MAX_READERS = 16;
const MAX_REQUESTS = 16;
/** Milliseconds from the last message until all connections are closed. */
const CLOSE_DELAY = 1000;

/** Provides the data that the server sends. */
export interface DashboardSource {
  /** Returns the messages that bring a new page up to date. */
  initialEvents(): DashboardEvent[];
  /**
   * Returns the feature maps of a validation picture. Rejects if there is no such picture or training has ended.
   * @param isWanted whether anybody still waits for them
   */
  maps(index: number, isWanted: () => boolean): Promise<PictureMaps>;
}

/** Serves the dashboard's page, and sends it messages as server-sent events. */
export class DashboardServer {
  private readonly connections = new Set<ServerResponse>();
  /** Requests of feature maps by the picture's index: who waits for them, and the response to all. */
  private readonly requests = new Map<number, { readers: Set<ServerResponse>; text: Promise<string> }>();
  private readonly server: Server;

  private constructor(private readonly source: DashboardSource) {
    this.server = createServer((request, response) => this.respond(request, response));
  }

  /** @throws UserError if no port is free */
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
  get isWatched(): boolean {
    return this.connections.size > 0;
  }

  /** Sends a message to all open pages. */
  send(event: DashboardEvent): void {
    if (!this.isWatched) return;
    const message = format(event);
    for (const connection of this.connections) {
      if (connection.writableLength > MAX_UNREAD) connection.destroy();
      else connection.write(message);
    }
  }

  /** Sends the last message and closes the server, so that the process can exit. */
  end(event: DashboardEvent): void {
    for (const connection of this.connections) connection.end(format(event));
    this.server.close();
    this.server.closeIdleConnections();
    setTimeout(() => this.server.closeAllConnections(), CLOSE_DELAY).unref();
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private respond({ method, url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const refuse = (status: number, message: string) =>
      response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain' }).end(`${message}\n`);
    const sendContent = (type: string, content: string) =>
      response.writeHead(200, { ...HEADERS, 'Content-Type': type }).end(content);
    // DNS rebinding: another site could point its own name to this server and read the responses.
    if (headers.host !== `${HOST}:${this.port}` && headers.host !== `localhost:${this.port}`) {
      refuse(421, `This server answers only requests to ${this.url}.`);
    } else if (headers['sec-fetch-site'] === 'cross-site') {
      refuse(403, 'Other sites may not load this page.');
    } else if (method !== 'GET') {
      refuse(405, 'Only GET is allowed.');
    } else if (Object.hasOwn(ASSETS, url)) {
      sendContent(...ASSETS[url]);
    } else if (url === '/events') {
      if (this.connections.size < MAX_READERS) this.open(response);
      else refuse(503, 'Too many pages are open.');
    } else if (/^\/maps\/\d+$/.test(url)) {
      this.mapsFor(Number(url.slice('/maps/'.length)), response).then(
        (text) => sendContent('application/json', text),
        (error) => refuse(404, error.message),
      );
    } else {
      refuse(404, 'Page not found.');
    }
  }

  /** Requests of one picture share one response, which is not computed once all readers have gone. */
  private mapsFor(index: number, reader: ServerResponse): Promise<string> {
    let request = this.requests.get(index);
    if (!request) {
      if (this.requests.size >= MAX_REQUESTS) return Promise.reject(new Error('Too many pictures are requested.'));
      const readers = new Set<ServerResponse>();
      const text = this.source
        .maps(index, () => readers.size > 0)
        .then(stringify)
        .finally(() => this.requests.delete(index));
      request = { readers, text };
      this.requests.set(index, request);
    }
    const { readers, text } = request;
    readers.add(reader);
    reader.on('close', () => readers.delete(reader));
    return text;
  }

  private open(response: ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' });
    for (const event of this.source.initialEvents()) response.write(format(event));
    this.connections.add(response);
    response.on('close', () => this.connections.delete(response));
  }
}

/** Encodes a message as a server-sent event. */
const format = (event: DashboardEvent) => `data: ${stringify(event)}\n\n`;
