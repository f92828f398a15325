import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunLock } from '../../src/cli/run_lock.ts';
import { temporaryFolder } from '../support/cli.ts';

/** The number of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid!;
}

test('one process has the lock until it releases it', async () => {
  const folder = await temporaryFolder();
  const lock = await RunLock.take(folder);
  await expect(RunLock.take(folder)).rejects.toThrow(`is in use by process ${process.pid}; wait`);
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
  await (await RunLock.take(folder)).release();
});

test('of many that want the lock of an ended process at once, one gets it', async () => {
  const pid = await endedProcess();
  for (const content of [JSON.stringify({ pid, host: hostname() }), '', '{"pid":']) {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'run.lock'), content);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => RunLock.take(folder)));
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
    expect(won.length, content).toBe(1);
    expect(await readdir(folder)).toEqual(['run.lock']);
    await won[0].release();
  }
});

test('a later process with the number of the ended one does not hold its lock', async () => {
  if (process.platform !== 'linux') return; // elsewhere nothing tells the two apart
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'run.lock'), JSON.stringify({ pid: process.pid, host: hostname(), start: '1' }));
  const lock = await RunLock.take(folder);
  expect(JSON.parse(await readFile(join(folder, 'run.lock'), 'utf8')).start).toMatch(/^\d{2,}$/);
  await lock.release();
});

test('a lock of another machine stays, and is named', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'run.lock');
  await writeFile(file, JSON.stringify({ pid: await endedProcess(), host: 'elsewhere' }));
  await expect(RunLock.take(folder)).rejects.toThrow(/on elsewhere; if that has ended, remove .*run\.lock/);
  expect(await readdir(folder)).toEqual(['run.lock']);
});
