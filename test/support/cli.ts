import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the commands of src/cli from its source, with `input` on stdin. */
export const runCli = (
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  input: string | Uint8Array = '',
) => runSource(`src/cli/${command}.ts`, args, env, input);

/** Runs a TypeScript program of the repository. */
export function runSource(
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
  input: string | Uint8Array = '',
): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['scripts/run.mjs', file, ...args], {
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: 'pipe',
    });
    // A command that ends at once reads nothing.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A new folder in the one that goes when all tests are done. */
export const temporaryFolder = () => mkdtemp(join(process.env.YYNET_TESTS!, 'test-'));
