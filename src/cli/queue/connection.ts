import { setTimeout as pause } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { UserError } from '../../runtime/errors.ts';
import { loadPackages } from './packages.ts';

/** Before all keys; the braces keep them on one node of a Redis cluster. */
export const PREFIX = '{yynet}';
export const QUEUE = 'runs';

/** The longest wait between two attempts to connect again, in milliseconds. */
const LONGEST_PAUSE = 2000;

/** How long the first connection is tried for, in milliseconds: a Redis that starts beside us may not listen yet. */
const PATIENCE = 5000;
/** The wait between two attempts of the first connection, in milliseconds. */
const FIRST_PAUSE = 200;
/** Errors that pass when Redis has started, or its host's name is known. */
const PASSING = new Set(['ECONNREFUSED', 'ECONNRESET', 'EAI_AGAIN']);

/** An open connection to the queue. */
export interface Connection {
  readonly bullmq: typeof import('bullmq');
  readonly redis: Redis;
  readonly queue: Queue;
  close(): Promise<void>;
}

/**
 * Connects to the Redis or Valkey that the environment variable YYNET_QUEUE names; waits some seconds for one that is just
 * starting. Later it connects again by itself.
 * @throws UserError if it names none, or none that answers, or a package is missing
 */
export async function connect(): Promise<Connection> {
  const url = process.env.YYNET_QUEUE;
  const { host } = parseAddress(url);
  const { bullmq, Redis } = await loadPackages();
  let answered = false;
  let reason: NodeJS.ErrnoException | undefined;
  const redis = new Redis(url!, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => (answered ? Math.min(attempt * 100, LONGEST_PAUSE) : null),
  });
  redis.on('error', (error) => {
    reason ??= error;
  });
  const deadline = performance.now() + PATIENCE;
  while (!answered) {
    reason = undefined;
    try {
      await redis.connect();
      await redis.ping();
      answered = true;
    } catch (error) {
      const { code, message }: NodeJS.ErrnoException = reason ?? (error as Error);
      if (!PASSING.has(code ?? '') || performance.now() > deadline) {
        redis.disconnect();
        throw new UserError(`YYNET_QUEUE: ${host} cannot be used: ${message || code}.`);
      }
      await pause(FIRST_PAUSE);
    }
  }
  let reachable = true;
  redis.on('close', () => {
    if (reachable && answered) console.error(`The queue at ${host} does not answer; trying again.`);
    reachable = false;
  });
  redis.on('ready', () => {
    if (!reachable) console.error(`The queue at ${host} answers again.`);
    reachable = true;
  });
  const queue = new bullmq.Queue(QUEUE, { connection: redis, prefix: PREFIX });
  queue.on('error', () => {}); // the connection reports them
  return {
    ...{ bullmq, redis, queue },
    close: async () => {
      answered = false;
      await queue.close();
      redis.disconnect();
    },
  };
}

/** @throws UserError, without the password, unless it is a URL of Redis */
function parseAddress(url = ''): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && ['redis:', 'rediss:'].includes(parsed.protocol) && parsed.host) return parsed;
  throw new UserError(
    'The environment variable YYNET_QUEUE must name a Redis or Valkey, expected redis://HOST or rediss://USER:PASSWORD@HOST:PORT.',
  );
}
