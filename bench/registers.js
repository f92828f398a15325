// node bench/registers.js: compiles a training step's kernels with Mesa's AMD driver, which needs no GPU, and prints their
// register use.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { Device, gpuCapabilities, kernelName, UserError } from '../dist/engine.js';
import { models, paperRecipe } from '../dist/index.js';
import { requestNodeAdapter } from '../dist/node.js';
import { count, main, table } from './common.js';
import { Engine } from './engine.js';

/** Folders in which a Vulkan loader searches drivers on Linux. */
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** The newest AMD GPU that Dawn opens without the hardware. */
const FAMILY = 'polaris10';

const command = new Command('registers')
  .description("Compiles a training step's kernels for an AMD GPU (no GPU needed): registers, waves, spills.")
  .addOption(new Option('--model <name>', 'the net').choices(Object.keys(models)).default('yynet-16'))
  .option('--batch <n>', 'pictures per step; as many as 64 of 32×32 have pixels if it is left out', count)
  .option('--json', 'print the result as one line of JSON')
  .action(run);

async function run({ model, json, batch = defaultBatch(model) }) {
  const driver = await findDriver();
  const kernels = await kernelsOf(model, batch);
  const compiled = await compile(kernels, driver);
  const rows = kernels
    .map(({ code, ...kernel }, i) => ({ ...kernel, ...compiled[i] }))
    .sort((a, b) => b.MFLOP - a.MFLOP);
  console.log(json ? JSON.stringify({ family: FAMILY, model, batch, kernels: rows }) : table(rows));
}

/** Few enough pictures for an adapter with WebGPU's default limits. */
const defaultBatch = (model) => Math.max(1, Math.floor((64 * 32 ** 2) / models[model].config.inputSize ** 2));

async function findDriver() {
  for (const folder of DRIVER_FOLDERS) {
    const file = (await readdir(folder).catch(() => [])).find((name) => /^radeon_icd.*\.json$/.test(name));
    if (file) return `${folder}/${file}`;
  }
  throw new UserError(
    `RADV, AMD's Vulkan driver in Mesa, is not in ${DRIVER_FOLDERS.join(', ')}: install mesa-vulkan-drivers.`,
  );
}

/** Returns the kernels of a training step, generated for a GPU even if this machine's adapter is a CPU. */
async function kernelsOf(model, batch) {
  const device = await Device.open(await requestNodeAdapter(), { capabilities: gpuCapabilities });
  const engine = await Engine.create(device, { model, batch, recipe: paperRecipe });
  const kernels = new Map();
  for (const command of engine.step.commands) {
    const { code } = command.kernel;
    const [x, y, z] = command.workgroups;
    const kernel = kernels.get(code) ?? {
      kernel: kernelName(command),
      calls: 0,
      MFLOP: 0,
      workgroups: x * y * z,
      code,
    };
    kernels.set(code, {
      ...kernel,
      calls: kernel.calls + 1,
      MFLOP: kernel.MFLOP + Math.round(command.flops / 1e6),
    });
  }
  return [...kernels.values()];
}

/** Returns the driver's statistics of each kernel. The driver prints them to stderr, so a child process compiles. */
async function compile(kernels, driver) {
  const text = await compileInChild(
    kernels.map(({ code }) => code),
    driver,
  );
  const reports = text.split(/^== .*\n/m).slice(1);
  if (reports.length !== kernels.length + 1) {
    throw new UserError(
      `RADV compiled ${Math.max(0, reports.length - 1)} of ${kernels.length} kernels: ${text.slice(-500)}`,
    );
  }
  return kernels.map((_, i) => ({
    registers: figure(reports[i], 'VGPRs'),
    waves: figure(reports[i], 'Subgroups per SIMD'),
    workgroup_bytes: figure(reports[i], 'LDS size'),
    spilled: figure(reports[i], 'Spilled VGPRs'),
    code_bytes: figure(reports[i], 'Code size'),
  }));
}

/** Returns what a child process that compiles the codes prints to stderr: a file, as a pipe that is full refuses text. */
async function compileInChild(codes, driver) {
  const folder = await mkdtemp(join(tmpdir(), 'yynet-registers-'));
  const printed = join(folder, 'stderr.txt');
  const file = await open(printed, 'w');
  try {
    const env = {
      ...process.env,
      VK_DRIVER_FILES: driver,
      RADV_FORCE_FAMILY: FAMILY,
      RADV_DEBUG: 'shaderstats,nocache',
    };
    const script = fileURLToPath(new URL('registers_child.js', import.meta.url));
    const child = spawn(process.execPath, [script], { env, stdio: ['pipe', 'ignore', file.fd] });
    child.stdin.end(JSON.stringify(codes));
    await once(child, 'close');
    return await readFile(printed, 'utf8');
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
}

function figure(report, name) {
  const match = new RegExp(`^${name}: (\\d+)`, 'm').exec(report);
  if (!match) throw new UserError(`RADV does not report '${name}' of a kernel; expected Mesa 25.0 or newer.`);
  return Number(match[1]);
}

await main(command);
