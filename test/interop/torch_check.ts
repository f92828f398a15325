// npm run interop:torch: our safetensors files loaded into a PyTorch YYNet (torch_check.py) give our logits to 1e-4.
// Needs a Python with torch and safetensors: python3, or the one that YYNET_PYTHON names.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeSafetensors } from '../../src/data/safetensors.ts';
import type { StateDict } from '../../src/nn/parameters.ts';
import { Device } from '../../src/runtime/device.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';
import { learntState, logitsOf, nets, randomImages } from './net.ts';

const python = process.env.YYNET_PYTHON ?? 'python3';
const runPython = (...args: string[]) => promisify(execFile)(python, args);
await runPython('-c', 'import torch, safetensors').catch(() => {
  console.error(`${python} is no Python with torch and safetensors: name one that is by YYNET_PYTHON.`);
  process.exit(2);
});
const folder = await mkdtemp(join(tmpdir(), 'yynet-'));
const device = await Device.open(await requestNodeAdapter());

async function write(name: string, tensors: StateDict): Promise<string> {
  const f32 = Object.entries(tensors).map(([key, tensor]) => [key, { dtype: 'F32' as const, ...tensor }] as const);
  const path = join(folder, name);
  await writeFile(path, encodeSafetensors(new Map(f32)));
  return path;
}

const norm = (values: readonly number[]) => Math.hypot(...values);

try {
  for (const [name, config] of Object.entries(nets)) {
    const state = learntState(config);
    const images = randomImages(config, 3);
    const net = await write('net.safetensors', state);
    const pictures = await write('images.safetensors', { images });
    const options = join(folder, 'config.json');
    await writeFile(options, JSON.stringify(config));
    const { stdout } = await runPython('test/interop/torch_check.py', net, options, pictures);
    const want = (JSON.parse(stdout) as number[][]).flat();
    const got = await logitsOf(device, config, state, images);
    const error = norm(want.map((value, i) => value - got[i])) / norm(want);
    const passed = error < 1e-4;
    console.log(`${passed ? 'pass' : 'FAIL'}  ${error.toExponential(2)}  ${name}`);
    if (!passed) process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true });
}
