import * as v from 'valibot';
import { count } from '../../data/parse.ts';
import type { Connection } from './connection.ts';

/** How long the queue keeps runs and their files after their last change, in milliseconds. */
export const KEPT = 14 * 24 * 3600 * 1000;

/** Files of a run's folder that travel by the queue. */
export const FILES = ['metrics.jsonl', 'last.safetensors', 'best.safetensors', 'config.json'] as const;

const name = v.pipe(v.string(), v.regex(/^\P{Cc}{1,200}$/u));
const whereSchema = v.object({ host: name, epoch: count, epochs: count });
const adaptersSchema = v.pipe(v.array(name), v.readonly());

/** What workers write about a run; each write replaces the parts that it names. */
export interface RunState {
  readonly files: Partial<Record<(typeof FILES)[number], Uint8Array>>;
  /** The worker's machine and the epoch it is at. */
  readonly where?: v.InferOutput<typeof whereSchema>;
  /** The adapters that trained up to the checkpoint, in their order. */
  readonly adapters?: v.InferOutput<typeof adaptersSchema>;
}

/** A worker wrote to a run that is no longer its own. */
export class LostRun extends Error {}

/** Writes only while the job's lock is the writer's own: a worker that was cut off for long must not disturb its successor. */
const WRITE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1`;

const stateKey = ({ queue }: Connection, id: string) => `${queue.toKey(id)}:state`;

/**
 * @param token of the job's lock
 * @throws LostRun if another worker has the lock, or none
 */
export async function writeState(connection: Connection, id: string, token: string, state: RunState): Promise<void> {
  const { files, ...rest } = state;
  const described = Object.entries(rest).map(([key, value]) => [key, JSON.stringify(value)] as const);
  const fields = [...described, ...Object.entries(files)].flatMap(([key, value]) => [
    key,
    typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  ]);
  const lock = `${connection.queue.toKey(id)}:lock`;
  const written = await connection.redis.eval(WRITE, 2, lock, stateKey(connection, id), token, KEPT, ...fields);
  if (written !== 1) throw new LostRun('another worker has it now');
}

export async function readState(connection: Connection, id: string): Promise<RunState> {
  const fields = await connection.redis.hgetallBuffer(stateKey(connection, id));
  const files = Object.fromEntries(FILES.flatMap((name) => (fields[name] ? [[name, fields[name]]] : [])));
  return { files, where: decode(whereSchema, fields.where), adapters: decode(adaptersSchema, fields.adapters) };
}

/** Reads where a run is, without its files. */
export const readWhere = async (connection: Connection, id: string): Promise<RunState['where']> =>
  decode(whereSchema, await connection.redis.hgetBuffer(stateKey(connection, id), 'where'));

export const dropState = (connection: Connection, id: string) => connection.redis.del(stateKey(connection, id));

/** Returns undefined for what no worker has written. */
function decode<S extends v.GenericSchema>(schema: S, text: Buffer | null | undefined): v.InferOutput<S> | undefined {
  try {
    return v.parse(schema, JSON.parse(text!.toString()));
  } catch {
    return undefined;
  }
}
