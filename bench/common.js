// Shared by the benchmarks: their options, timing, and the results in RESULTS.md.
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { GpuError, median, UserError } from '../dist/engine.js';

/** Parses a positive integer. */
export function count(text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Expected an integer above 0.');
  return value;
}

/** Creates a command with the options of all benchmarks. */
export const createBench = (name, description) =>
  new Command(name)
    .description(description)
    .option('--batch <n>', 'pictures per step', count, 64)
    .addOption(
      new Option('--precision <type>', 'data type of activations and their gradients; mixed is f16')
        .choices(['f32', 'mixed'])
        .default('f32'),
    )
    .option('--adapter <name>', "'auto', 'discrete', 'integrated', 'cpu' or part of an adapter's name", 'auto')
    .option('--json', 'print the result as one line of JSON')
    .option('--write', 'also write the result to bench/RESULTS.md');

/** Runs a command. Prints an expected error as one line on stderr, a bug with its stack. */
export async function main(command) {
  try {
    await command.parseAsync();
  } catch (error) {
    const expected = error instanceof UserError || error instanceof GpuError;
    console.error(expected ? `${command.name()}: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Calls f at least five times, and until one second is over. Returns the median in milliseconds. */
export async function time(f) {
  const times = [];
  const start = performance.now();
  while (times.length < 5 || performance.now() - start < 1000) {
    const before = performance.now();
    await f();
    times.push(performance.now() - before);
  }
  return median(times);
}

/** Formats objects of strings and numbers as a Markdown table; their keys are the heading. */
export function table(rows) {
  const cells = [Object.keys(rows[0]), ...rows.map((row) => Object.values(row).map(String))];
  const widths = cells[0].map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const lines = cells.map((line) => `| ${line.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`);
  return [lines[0], `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.slice(1)].join('\n');
}

const RESULTS = new URL('RESULTS.md', import.meta.url);
const HEAD = '# Results\n\nWritten by the benchmarks (`--write`), each with the machine it ran on.\n';

/** Writes a result to its section of RESULTS.md, in place of the previous one. */
export async function writeResult(title, adapter, body) {
  const [cpu] = os.cpus();
  const machine = `${adapter.name}, ${adapter.driver}; ${os.cpus().length} × ${cpu.model.trim()}, ${os.type()} ${os.arch()}`;
  const date = new Date().toISOString().slice(0, 10);
  const section = `## ${title}\n\n${date}, Node ${process.versions.node}: ${machine}\n\n${body.trim()}\n`;
  const text = await readFile(RESULTS, 'utf8').catch(() => HEAD);
  const [head, ...sections] = text.split(/^(?=## )/m).map((part) => `${part.trimEnd()}\n`);
  const index = sections.findIndex((part) => part.startsWith(`## ${title}\n`));
  sections.splice(index < 0 ? sections.length : index, index < 0 ? 0 : 1, section);
  await writeFile(RESULTS, [head, ...sections].join('\n'));
}
