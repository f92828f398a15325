import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Program } from './processes.ts';

/** Commands that start ranks on this machine, but for their number. */
export const launchers = {
  'Open MPI': ['mpirun.openmpi', '--oversubscribe', '--bind-to', 'none', '--mca', 'mpi_yield_when_idle', '1'],
  MPICH: ['mpirun.mpich'],
} as const;

export type Mpi = keyof typeof launchers;

/** What tells the ranks of one program from all other processes. */
const MARK = 'YYNET_TEST_RANKS';

/** How mpirun lists what other ranks run, behind the arguments of those before. */
export const further = (file: string, ...args: string[]) => [':', '-n', '1', process.execPath, file, ...args];

let made = 0;

/** Ranks that an MPI has started, and what they have printed. */
export class Ranks extends Program {
  private readonly mark: string;

  /** @param options more options of mpirun */
  constructor(
    mpi: Mpi,
    readonly ranks: number,
    file: string,
    args: readonly string[],
    { env = {}, options = [] }: { env?: Record<string, string>; options?: readonly string[] } = {},
  ) {
    const mark = `${process.pid}-${made++}`;
    const root = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
    const launcher = [...launchers[mpi], ...options, '-n', String(ranks)];
    super(file, args, { ...root, NO_COLOR: '1', [MARK]: mark, ...env }, launcher);
    this.mark = mark;
  }

  /** Sends a rank a signal. */
  async signalRank(rank: number, name: NodeJS.Signals): Promise<void> {
    const own = ['OMPI_COMM_WORLD_RANK', 'PMI_RANK'].map((name) => `${name}=${rank}`);
    const found = (await this.processes()).find(({ variables }) => own.some((name) => variables.includes(name)));
    if (!found) throw new Error(`Rank ${rank} does not run: ${this.output}`);
    process.kill(found.pid, name);
  }

  /** Waits until no rank runs: mpirun may end a little earlier. */
  async gone(): Promise<void> {
    await this.ended;
    while ((await this.processes()).length > 0) await pause(50);
  }

  private async processes(): Promise<{ pid: number; variables: string[] }[]> {
    const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const read = async (pid: string) => {
      const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return { pid: Number(pid), variables: text.split('\0') };
    };
    return (await Promise.all(all.map(read))).filter(({ variables }) => variables.includes(`${MARK}=${this.mark}`));
  }

  /** The lines of yy-train itself, without those of mpirun. */
  get messages(): string[] {
    return this.output.split('\n').filter((line) => line.startsWith('yy-train:'));
  }
}
