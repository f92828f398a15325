import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { temporaryFolder } from '../support/cli.ts';

/** A port of this machine that nobody uses. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A Redis of the tests' own, on loopback, that keeps what it holds in a file. */
export class RedisServer {
  private process?: ChildProcess;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<RedisServer> {
    const server = await RedisServer.reserve();
    await server.start();
    return server;
  }

  /** Chooses the address of a Redis that is started later. */
  static async reserve(): Promise<RedisServer> {
    return new RedisServer(await temporaryFolder(), await freePort());
  }

  get url(): string {
    return `redis://:secret@127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = { port: this.port, bind: '127.0.0.1', requirepass: 'secret', dir: this.folder, appendonly: 'yes' };
    const flags = Object.entries({ ...options, save: '' }).flatMap(([key, value]) => [`--${key}`, String(value)]);
    this.process = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      this.process!.once('error', reject);
      this.process!.once('exit', (code) => reject(new Error(`redis-server ended with code ${code}`)));
      this.process!.stdout!.on('data', (text) => String(text).includes('Ready to accept') && resolve());
    });
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const ended = once(this.process!, 'exit');
    this.process!.kill('SIGKILL');
    await ended;
  }
}
