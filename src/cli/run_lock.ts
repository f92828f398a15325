import { constants, readFileSync, rmSync } from 'node:fs';
import { copyFile, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { UserError } from '../runtime/errors.ts';

/** The process that holds a lock. */
const ownerSchema = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  host: v.string(),
  /** When it started, in the system's own count: tells it from a later process with the same number. */
  start: v.optional(v.string()),
});

type Owner = v.InferOutput<typeof ownerSchema>;

const NAME = 'run.lock';

/** Milliseconds that a killed process may take to end. */
const ENDING = 1000;

/** Whether a process of this machine runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started; undefined where the system does not tell, or it has ended and only its parent does not know yet. */
function startOf(pid: number): string | undefined {
  try {
    // After the name, which may contain anything, the state and the 20th field of Linux's stat.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1)!.split(' ');
    return /[ZX]/.test(fields[1]) ? undefined : fields[20];
  } catch {
    return undefined;
  }
}

let names = 0;

const readText = (file: string) => readFile(file, 'utf8').catch(() => '');

/** Keeps other processes from writing to a run's folder. The lock of a process that has ended is taken over. */
export class RunLock {
  private readonly removeAtExit = () => rmSync(this.file, { force: true });

  private constructor(private readonly file: string) {
    process.once('exit', this.removeAtExit);
  }

  /** @throws UserError naming the process that has the folder */
  static async take(folder: string): Promise<RunLock> {
    const file = join(folder, NAME);
    const { pid } = process;
    const deadline = performance.now() + ENDING;
    // A name that nothing else has.
    const own = `${file}.${names++}.${pid}.tmp`;
    try {
      await writeFile(own, JSON.stringify({ pid, host: hostname(), start: startOf(pid) }));
      while (!(await create(own, file))) {
        const content = await readText(file);
        const owner = stateOf(content);
        if (owner === 'ended') {
          if (await replace(own, file, content)) break;
        } else if (performance.now() > deadline) throw inUse(owner, folder, file);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } finally {
      await rm(own, { force: true });
    }
    return new RunLock(file);
  }

  /** Lets others have the folder. */
  async release(): Promise<void> {
    process.off('exit', this.removeAtExit);
    await rm(this.file, { force: true }).catch(() => {});
  }
}

/** Gives a file a second name, which nothing has yet. Returns false if there is such a file. */
async function create(file: string, name: string): Promise<boolean> {
  try {
    // Some file systems have no links.
    await link(file, name).catch(() => copyFile(file, name, constants.COPYFILE_EXCL));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Puts `own` in the place of the lock with that content. Returns false if another process does so or has done so. */
async function replace(own: string, file: string, content: string): Promise<boolean> {
  const taking = `${file}.taking`;
  if (!(await create(own, taking))) {
    if (stateOf(await readText(taking)) === 'ended') await rm(taking, { force: true });
    return false;
  }
  try {
    if ((await readText(file)) !== content) return false;
    await rename(own, file);
    return true;
  } finally {
    await rm(taking, { force: true });
  }
}

/** Who wrote a lock; 'ended' if that process has, or if a full disk or a crash of the machine cut the lock off. */
function stateOf(content: string): Owner | 'ended' {
  try {
    const owner = v.parse(ownerSchema, JSON.parse(content));
    const { pid, host, start } = owner;
    if (host !== hostname()) return owner;
    return isRunning(pid) && (start === undefined || start === startOf(pid)) ? owner : 'ended';
  } catch {
    return 'ended';
  }
}

/** The error where the process that wrote the lock runs, or may run on another machine. */
const inUse = ({ pid, host }: Owner, folder: string, file: string) =>
  new UserError(
    host === hostname()
      ? `${folder} is in use by process ${pid}; wait until that ends, or stop it.`
      : `${folder} is in use by process ${pid} on ${host}; if that has ended, remove ${file} and try again.`,
  );
