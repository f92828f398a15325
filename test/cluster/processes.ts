import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
// @ts-expect-error: a plain script, shared with the build.
import { esbuildPage } from '../../scripts/page-plugin.mjs';
// @ts-expect-error: likewise.
import { esbuildWgsl } from '../../scripts/wgsl-plugin.mjs';
import { temporaryFolder } from '../support/cli.ts';

/** Builds a program once, for processes that start often. */
export async function program(file: string): Promise<string> {
  const folder = await temporaryFolder();
  // So that Node finds its packages.
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  const outfile = join(folder, 'main.mjs');
  await build({
    ...{ entryPoints: [file], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' },
    plugins: [esbuildWgsl, esbuildPage],
  });
  return outfile;
}

/** A process of a test, and what it has printed. */
export class Program {
  output = '';
  private readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  /** @param launcher a command that starts it, such as mpirun */
  constructor(file: string, args: readonly string[], env: Record<string, string>, launcher: readonly string[] = []) {
    const [command, ...rest] = [...launcher, process.execPath, file, ...args];
    this.child = spawn(command, rest, { env: { ...process.env, ...env }, stdio: 'pipe' });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (text) => {
        this.output += text;
      });
    }
    this.ended = once(this.child, 'exit').then(([code]) => code);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Waits until it has printed something. A text that begins with a line feed must begin a line. */
  async printed(text: string): Promise<void> {
    while (!`\n${this.output}`.includes(text)) {
      if (!this.running) throw new Error(`It ended without printing '${text}': ${this.output}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}
