// Compiles the WGSL kernels of a JSON array on stdin with RADV, which prints statistics of each to stderr. Writes a line that
// starts with == to stderr before each kernel and at the end, so that registers.js can split the output.
import { writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { openNodeDevice, requestNodeAdapter } from '../dist/node.js';

const codes = JSON.parse(await text(process.stdin));
const { gpu } = await openNodeDevice(await requestNodeAdapter({ adapter: 'radv' }));
for (const code of codes) {
  writeSync(2, '== next\n');
  const module = gpu.createShaderModule({ code });
  gpu.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
}
writeSync(2, '== end\n');
// A normal exit crashes: the driver would free GPU resources that it never allocated.
process.kill(process.pid, 'SIGKILL');
