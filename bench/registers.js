// node bench/registers.js: what a GPU's compiler makes of a training step's kernels: AMD's in Mesa, which takes no GPU.
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { Device, kernelName, paperRecipe, presets, requestNodeAdapter, UserError } from '../dist/node.js';
import { count, main, table } from './common.js';
import { Engine } from './engine.js';

/** Where a Vulkan loader looks for drivers on Linux. */
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** The newest of AMD's GPUs that Dawn opens without there being one. */
const FAMILY = 'polaris10';

const command = new Command('registers')
  .description("Compiles a training step's kernels for an AMD GPU, which need not be there: registers, waves, spills.")
  .addOption(new Option('--model <name>', 'which net').choices(Object.keys(presets)).default('yynet-16'))
  .option('--batch <n>', 'images a step', count, 64)
  .option('--json', 'print one JSON line')
  .action(run);

async function run({ model, batch, json }) {
  const driver = await findDriver();
  const kernels = await kernelsOf(model, batch);
  const compiled = await compile(kernels, driver);
  const rows = kernels
    .map(({ code, ...kernel }, i) => ({ ...kernel, ...compiled[i] }))
    .sort((a, b) => b.MFLOP - a.MFLOP);
  console.log(json ? JSON.stringify({ family: FAMILY, model, batch, kernels: rows }) : table(rows));
}

async function findDriver() {
  for (const folder of DRIVER_FOLDERS) {
    const file = (await readdir(folder).catch(() => [])).find((name) => /^radeon_icd.*\.json$/.test(name));
    if (file) return `${folder}/${file}`;
  }
  throw new UserError(
    `RADV, AMD's Vulkan driver in Mesa, is not in ${DRIVER_FOLDERS.join(', ')}: install mesa-vulkan-drivers.`,
  );
}

/** The kernels of a training step as they are made for a GPU: this machine's adapter poses as one. */
async function kernelsOf(model, batch) {
  const choice = await requestNodeAdapter();
  const device = await Device.open({ ...choice, info: { ...choice.info, kind: 'gpu' } });
  const codes = new Map();
  const { gpu } = device;
  const { createShaderModule, createComputePipelineAsync } = Object.getPrototypeOf(gpu);
  gpu.createShaderModule = (descriptor) => {
    const module = createShaderModule.call(gpu, descriptor);
    codes.set(module, descriptor.code);
    return module;
  };
  gpu.createComputePipelineAsync = async (descriptor) => {
    const pipeline = await createComputePipelineAsync.call(gpu, descriptor);
    codes.set(pipeline, codes.get(descriptor.compute.module));
    return pipeline;
  };
  const engine = await Engine.create(device, { model, batch, recipe: paperRecipe });
  const kernels = new Map();
  for (const command of engine.step.commands) {
    const { pipeline } = command.kernel;
    const [x, y, z] = command.workgroups;
    const kernel = kernels.get(pipeline) ?? { kernel: kernelName(command), calls: 0, MFLOP: 0, workgroups: x * y * z };
    kernels.set(pipeline, {
      ...kernel,
      calls: kernel.calls + 1,
      MFLOP: kernel.MFLOP + Math.round(command.flops / 1e6),
    });
  }
  return [...kernels].map(([pipeline, kernel]) => ({ ...kernel, code: codes.get(pipeline) }));
}

/** What the driver says of each kernel. It writes to its own stderr, so it runs in a process of its own. */
async function compile(kernels, driver) {
  const env = { ...process.env, VK_DRIVER_FILES: driver, RADV_FORCE_FAMILY: FAMILY, RADV_DEBUG: 'shaderstats,nocache' };
  const child = spawn(process.execPath, [fileURLToPath(new URL('registers_child.js', import.meta.url))], { env });
  child.stdin.end(JSON.stringify(kernels.map(({ code }) => code)));
  let text = '';
  for await (const chunk of child.stderr) text += chunk;
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

function figure(report, name) {
  const match = new RegExp(`^${name}: (\\d+)`, 'm').exec(report);
  if (!match) throw new UserError(`RADV does not say '${name}' of a kernel: Mesa 25.0 does.`);
  return Number(match[1]);
}

await main(command);
